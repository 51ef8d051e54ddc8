using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MimeKit;

namespace Api.Outbox;

/// <summary>The section <c>Mail</c> of the configuration. Without a <see cref="Host"/> no mail is sent.</summary>
sealed class MailOptions
{
    /// <summary>What stands for every location in <see cref="Recipients"/> that has none of its own.</summary>
    public const string EveryLocation = "*";

    const string Section = "Mail", Loopback = "[127.0.0.1]";

    // MailKit itself gives up a silent server after two minutes.
    const int LongestTimeoutSeconds = 120;

    static readonly ParserOptions OneAddress = new() { AddressParserComplianceMode = RfcComplianceMode.Strict, AllowAddressesWithoutDomain = false };

    /// <summary>The mail server; <c>null</c>: no mail.</summary>
    public string? Host { get; init; }

    /// <summary>Its port; without it 465 for <see cref="MailSecurity.Tls"/> and 587 otherwise.</summary>
    public int Port { get; init; }

    /// <summary>How the connection is made safe.</summary>
    public MailSecurity Security { get; init; }

    public string? User { get; init; }
    public string? Password { get; init; }

    /// <summary>The sender of the mails, an address like <c>website@example.com</c> or <c>Clinic &lt;website@example.com&gt;</c>.</summary>
    public string? From { get; init; }

    /// <summary>Who is told of a submission: addresses by the slug of its location.</summary>
    public IReadOnlyDictionary<string, string[]> Recipients { get; init; } = new Dictionary<string, string[]>();

    /// <summary>Whether the sender of a submission gets a mail too, which says that it has arrived.</summary>
    public bool Acknowledge { get; init; }

    /// <summary>Where the staff read a submission; <c>{reference}</c> stands for its reference. Without it the mails have no link.</summary>
    public string? Link { get; init; }

    /// <summary>
    /// What the program calls itself to the mail server: a host name with a dot, or an address literal like <c>[192.0.2.1]</c>
    /// (RFC 5321, section 4.1.1.1). Without it the domain of <see cref="From"/>, or else the host of <c>Site:ApiUrl</c>.
    /// </summary>
    public string HeloName { get; init; } = Loopback;

    /// <summary>How long the mail server may take for a step before the attempt is given up.</summary>
    public TimeSpan Timeout { get; init; }

    [MemberNotNullWhen(true, nameof(Host), nameof(From))]
    public bool IsOn => Host is not null;

    public string[] RecipientsOf(string location) =>
        Recipients.GetValueOrDefault(location) ?? Recipients.GetValueOrDefault(EveryLocation) ?? [];

    /// <summary>The recipient of a location who has the same address as another text, as the configuration writes it now; or <c>null</c>.</summary>
    public string? FindRecipient(string location, string target)
    {
        var address = Ascii(target);
        return RecipientsOf(location).FirstOrDefault(recipient => Ascii(recipient) == address);

        static string? Ascii(string text) => TryReadAddress(text, out var address) ? address.GetAddress(idnEncode: true).ToLowerInvariant() : text;
    }

    /// <summary>Reads one address, with a name before it or without.</summary>
    public static bool TryReadAddress(string? text, [NotNullWhen(true)] out MailboxAddress? address)
    {
        address = null;
        return text is not null && !text.Any(char.IsControl) && MailboxAddress.TryParse(OneAddress, text, out address) && address.Address.Length > 0;
    }

    /// <summary>A host name in ASCII, or an address as a literal; <c>null</c> for what a strict mail server refuses.</summary>
    static string? ToHeloName(string name)
    {
        if (IPAddress.TryParse(name.StartsWith("[IPv6:", StringComparison.OrdinalIgnoreCase) ? name[6..].TrimEnd(']') : name.Trim('[', ']'), out var address))
            return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
        return DomainName.ToAscii(name) is { } domain && domain.Contains('.', StringComparison.Ordinal) ? domain : null;
    }

    /// <exception cref="StartupFault">A setting has a value that makes no sense.</exception>
    public static MailOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var security = Text(nameof(Security))?.ToLowerInvariant() switch
        {
            null or "starttls" => MailSecurity.StartTls,
            "tls" => MailSecurity.Tls,
            "none" => MailSecurity.None,
            _ => throw Fault(nameof(Security), "is unknown: set it to StartTls, Tls or None"),
        };
        var options = new MailOptions
        {
            Host = Text(nameof(Host)),
            Port = Number(nameof(Port), security == MailSecurity.Tls ? 465 : 587, ushort.MaxValue),
            Security = security,
            User = Text(nameof(User)),
            Password = Text(nameof(Password)),
            From = Text(nameof(From)),
            Recipients = section.GetSection(nameof(Recipients)).GetChildren().ToDictionary(location => location.Key, location => location.Texts(), StringComparer.Ordinal),
            Acknowledge = Text(nameof(Acknowledge)) is { } yesOrNo && (bool.TryParse(yesOrNo, out var acknowledge)
                ? acknowledge : throw Fault(nameof(Acknowledge), "must be true or false")),
            Link = Text(nameof(Link)),
            HeloName = Text(nameof(HeloName)) is { } name
                ? ToHeloName(name) ?? throw Fault(nameof(HeloName), "must be a host name with a dot, like web.example.com, or an address like [192.0.2.1]")
                : DefaultHeloName(Text(nameof(From)), configuration["Site:ApiUrl"]),
            Timeout = TimeSpan.FromSeconds(Number("TimeoutSeconds", 30, LongestTimeoutSeconds)),
        };
        if (!options.IsOn) return options;

        if (!TryReadAddress(options.From, out _)) throw Fault(nameof(From), "must be the address that mails are sent from, like website@example.com");
        if (options.User is null != options.Password is null) throw Fault(options.User is null ? nameof(User) : nameof(Password), "is missing: set both of User and Password, or neither");
        foreach (var (location, addresses) in options.Recipients)
        {
            foreach (var address in addresses)
                if (!TryReadAddress(address, out _)) throw Fault($"{nameof(Recipients)}:{location}", $"has '{OnOneLine(address)}', which is no e-mail address: correct it");
        }
        if (options.Link is { } link && (link.Any(char.IsControl) || !Uri.TryCreate(link.Replace("{reference}", "x", StringComparison.Ordinal), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
            throw Fault(nameof(Link), "must be an absolute http or https URL, in which {reference} stands for the reference");
        if (Uri.CheckHostName(options.Host) == UriHostNameType.Unknown) throw Fault(nameof(Host), "must be the name or the address of a mail server");
        return options;

        static string DefaultHeloName(string? from, string? apiUrl) =>
            (TryReadAddress(from, out var address) ? ToHeloName(address.Domain) : null) ??
            (Uri.TryCreate(apiUrl, UriKind.Absolute, out var url) ? ToHeloName(url.Host) : null) ?? Loopback;

        string? Text(string name) => section[name] is { Length: > 0 } text ? text : null;

        int Number(string name, int otherwise, int largest) =>
            Text(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= largest ? number
            : throw Fault(name, $"must be a whole number from 1 to {largest}");

        static StartupFault Fault(string setting, string rule) => new($"{Section}:{setting} {rule}.");

        static string OnOneLine(string text) => string.Concat(text.Where(letter => !char.IsControl(letter)));
    }
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
