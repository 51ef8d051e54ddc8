namespace Api.Outbox;

/// <summary>The section <c>Mail</c> of the configuration. Without a <see cref="Host"/> no mail is sent.</summary>
sealed class MailOptions
{
    /// <summary>What stands for every location in <see cref="Recipients"/> that has none of its own.</summary>
    public const string EveryLocation = "*";

    /// <summary>The mail server; <c>null</c>: no mail.</summary>
    public string? Host { get; set; }

    /// <summary>Its port; without it 465 for <see cref="MailSecurity.Tls"/> and 587 otherwise.</summary>
    public int? Port { get; set; }

    /// <summary>How the connection is made safe.</summary>
    public MailSecurity Security { get; set; }

    public string? User { get; set; }
    public string? Password { get; set; }

    /// <summary>The sender of the mails, an address like <c>website@example.com</c> or <c>Clinic &lt;website@example.com&gt;</c>.</summary>
    public string? From { get; set; }

    /// <summary>Who is told of a submission: addresses by the slug of its location.</summary>
    public Dictionary<string, string[]> Recipients { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the sender of a submission gets a mail too, which says that it has arrived.</summary>
    public bool Acknowledge { get; set; }

    /// <summary>Where the staff read a submission; <c>{reference}</c> stands for its reference. Without it the mails have no link.</summary>
    public string? Link { get; set; }

    /// <summary>How many seconds the mail server may take for a step before the attempt is given up.</summary>
    public int TimeoutSeconds { get; set; } = 30;

    public bool IsOn => !string.IsNullOrEmpty(Host);

    public string[] RecipientsOf(string location) =>
        Recipients.GetValueOrDefault(location) ?? Recipients.GetValueOrDefault(EveryLocation) ?? [];
}

/// <summary>How the connection to the mail server is made safe.</summary>
enum MailSecurity
{
    /// <summary>STARTTLS, which the server must offer.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Tls,

    /// <summary>Not at all: for a server on this machine.</summary>
    None,
}
