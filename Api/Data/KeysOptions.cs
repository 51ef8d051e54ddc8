namespace Api.Data;

/// <summary>The section <c>Keys</c> of the configuration.</summary>
sealed class KeysOptions
{
    /// <summary>Where the keys lie; made when missing. Relative to the content root, and never where the database is.</summary>
    public string Folder { get; set; } = "keys";

    /// <summary>
    /// Certificates that protect the keys on the disk: the first is used for new keys, every one opens those that it
    /// protected. None: the keys lie there in clear.
    /// </summary>
    public List<KeyCertificate> Certificates { get; } = [];

    /// <summary>
    /// Starts although the keys do not open the messages in the database, which then stay unreadable. For when the keys are
    /// lost for good.
    /// </summary>
    public bool AcceptLoss { get; set; }
}

/// <summary>A certificate with its private key.</summary>
sealed class KeyCertificate
{
    /// <summary>A PKCS #12 file (<c>.pfx</c>, <c>.p12</c>).</summary>
    public string File { get; set; } = "";

    /// <summary>Its password, if it has one.</summary>
    public string? Password { get; set; }
}
