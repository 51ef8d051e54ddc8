using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Api.Outbox;

/// <summary>The section <c>Mail</c> of the configuration. Without a <see cref="Host"/> no mail is sent.</summary>
sealed class MailOptions
{
    /// <summary>The key in <see cref="Recipients"/> for every group without an entry of its own.</summary>
    public const string EveryGroup = "*";

    const string Loopback = "[127.0.0.1]";

    // MailKit itself gives up a silent server after two minutes.
    const int LongestTimeoutSeconds = 120;

    /// <summary>The mail server; <c>null</c>: no mail.</summary>
    public string? Host { get; set; }

    /// <summary>The port of the mail server. Default: 465 for <see cref="MailSecurity.Tls"/>, otherwise 587.</summary>
    public int? Port { get; set; }

    /// <summary>How the connection is secured.</summary>
    public MailSecurity Security { get; set; }

    public string? User { get; set; }
    public string? Password { get; set; }

    /// <summary>The sender of the mails, for example <c>Clinic &lt;website@example.com&gt;</c>.</summary>
    public string? From { get; set; }

    /// <summary>The addresses of the staff by group. The group of a submission is the slug of its location.</summary>
    public Dictionary<string, string[]> Recipients { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a sender gets a mail that confirms the message.</summary>
    public bool Acknowledge { get; set; }

    /// <summary>The URL at which staff read a submission. <c>{reference}</c> stands for its reference.</summary>
    public string? Link { get; set; }

    /// <summary>
    /// The name that the program gives to the mail server: a host name with a dot, or an address literal like
    /// <c>[192.0.2.1]</c> (RFC 5321, section 4.1.1.1). Default: the domain of <see cref="From"/>, or else the host of
    /// <c>Site:ApiUrl</c>.
    /// </summary>
    public string? HeloName { get; set; }

    /// <summary>How many seconds the mail server may take for each step.</summary>
    public int TimeoutSeconds { get; set; } = 30;

    [MemberNotNullWhen(true, nameof(Host))]
    public bool IsOn => Host is not null;

    /// <summary>The addresses of the staff of a group.</summary>
    public string[] FindRecipients(string group) =>
        Recipients.GetValueOrDefault(group) ?? Recipients.GetValueOrDefault(EveryGroup) ?? [];

    /// <summary>
    /// Works out what is not set. Empty settings count as not set, so that the environment can take one back.
    /// </summary>
    public void AddDefaults(IConfiguration configuration)
    {
        Host = NullIfEmpty(Host);
        User = NullIfEmpty(User);
        Password = NullIfEmpty(Password);
        From = NullIfEmpty(From);
        Link = NullIfEmpty(Link);
        HeloName = NullIfEmpty(HeloName);
        Port ??= Security == MailSecurity.Tls ? 465 : 587;
        HeloName = HeloName is null ? DefaultHeloName(configuration["Site:ApiUrl"]) : ToHeloName(HeloName) ?? HeloName;
        foreach (var group in configuration.GetSection("Mail:Recipients").GetChildren())
            Recipients[group.Key] = group.ReadTexts();
    }

    static string? NullIfEmpty(string? text) => text?.Length == 0 ? null : text;

    string DefaultHeloName(string? apiUrl)
    {
        var domain = MailAddress.TryRead(From, out var from) ? ToHeloName(from.Domain) : null;
        var host = Uri.TryCreate(apiUrl, UriKind.Absolute, out var url) ? ToHeloName(url.Host) : null;
        return domain ?? host ?? Loopback;
    }

    /// <summary>
    /// A host name in ASCII or an address literal; <c>null</c> for a name that a strict mail server refuses.
    /// </summary>
    public static string? ToHeloName(string name)
    {
        const string Ipv6 = "[IPv6:";
        var isIpv6 = name.StartsWith(Ipv6, StringComparison.OrdinalIgnoreCase);
        var text = isIpv6 ? name[Ipv6.Length..].TrimEnd(']') : name.Trim('[', ']');
        if (IPAddress.TryParse(text, out var address))
            return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"{Ipv6}{address}]" : $"[{address}]";
        return DomainName.ToAscii(name) is { } domain && domain.Contains('.', StringComparison.Ordinal) ? domain : null;
    }

    /// <summary>The settings that break a rule, one sentence each.</summary>
    public IEnumerable<string> FindMistakes()
    {
        if (Port is < 1 or > ushort.MaxValue)
            yield return Describe("Port", Port, $"a whole number from 1 to {ushort.MaxValue}");
        if (TimeoutSeconds is < 1 or > LongestTimeoutSeconds)
            yield return Describe(
                "TimeoutSeconds",
                TimeoutSeconds,
                $"a whole number from 1 to {LongestTimeoutSeconds}"
            );
        if (ToHeloName(HeloName!) is null)
            yield return Describe(
                "HeloName",
                HeloName,
                "a host name with a dot, like web.example.com, or an address like [192.0.2.1]"
            );
        if (IsOn && Uri.CheckHostName(Host) == UriHostNameType.Unknown)
            yield return Describe("Host", Host, "the name or the address of a mail server");
        if ((IsOn || From is not null) && !MailAddress.TryRead(From, out _))
            yield return Describe("From", From, "the address that mails are sent from, like website@example.com");
        if (IsOn && User is null && Password is not null)
            yield return "Mail:User is missing: set both User and Password, or neither.";
        if (IsOn && Password is null && User is not null)
            yield return "Mail:Password is missing: set both User and Password, or neither.";
        if (Link is not null && !IsLink(Link))
            yield return Describe(
                "Link",
                Link,
                "an absolute http or https URL, in which {reference} stands for the reference"
            );
        foreach (var (group, addresses) in Recipients)
        {
            foreach (var address in addresses.Where(address => !MailAddress.TryRead(address, out _)))
                yield return Describe($"Recipients:{group}", address, "e-mail addresses like desk@example.com");
        }
    }

    static string Describe(string key, object? value, string allowed) =>
        Settings.DescribeMistake($"Mail:{key}", value, allowed);

    static bool IsLink(string link) =>
        !link.Any(char.IsControl)
        && Uri.TryCreate(link.Replace("{reference}", "x", StringComparison.Ordinal), UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}

/// <summary>How the connection to the mail server is secured.</summary>
enum MailSecurity
{
    /// <summary>STARTTLS, which the server must offer.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Tls,

    /// <summary>Not at all: for a server on the same machine.</summary>
    None,
}
