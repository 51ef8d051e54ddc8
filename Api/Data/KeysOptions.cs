namespace Api.Data;

/// <summary>The section <c>Keys</c> of the configuration.</summary>
sealed class KeysOptions
{
    /// <summary>
    /// The folder of the keys. It is created when missing. Relative to the content root, and outside the database's
    /// folder.
    /// </summary>
    public string Folder { get; set; } = "keys";

    /// <summary>
    /// Certificates that protect the keys on disk. The first protects new keys; each opens those that it protected.
    /// Without one, the keys are not encrypted.
    /// </summary>
    public List<KeyCertificate> Certificates { get; } = [];

    /// <summary>
    /// Starts although the keys do not open the messages in the database, which then stay unreadable. For keys that are
    /// lost.
    /// </summary>
    public bool AcceptLoss { get; set; }

    /// <summary>The settings that break a rule, one sentence each.</summary>
    public IEnumerable<string> FindMistakes()
    {
        if (Folder.Length == 0)
            yield return Settings.DescribeMistake("Keys:Folder", Folder, "the folder of the keys");
    }
}

/// <summary>A certificate with its private key.</summary>
sealed class KeyCertificate
{
    /// <summary>A PKCS #12 file (<c>.pfx</c>, <c>.p12</c>). Relative to the content root.</summary>
    public string File { get; set; } = "";

    /// <summary>Its password, if it has one.</summary>
    public string? Password { get; set; }
}
