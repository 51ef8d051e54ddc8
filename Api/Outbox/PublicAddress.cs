using System.Net;
using System.Net.Sockets;

namespace Api.Outbox;

/// <summary>
/// Decides which addresses are on the public internet, by IANA's registries of special-purpose addresses. A webhook's
/// URL must not become a way into the network of the server.
/// </summary>
static class PublicAddress
{
    static readonly IPNetwork[] SpecialV4 =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    // All public addresses are in here, except for protocol assignments (Teredo, ORCHID, benchmarks), documentation and
    // 6to4.
    static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");
    static readonly IPNetwork[] SpecialV6 =
    [
        .. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse),
    ];

    // Networks without IPv4 reach IPv4 hosts through these addresses; the last four bytes are the IPv4 address.
    static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return IsPublic(address.MapToIPv4());
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !SpecialV4.Any(network => network.Contains(address));
        if (Nat64.Contains(address))
            return IsPublic(new IPAddress(address.GetAddressBytes()[12..]));
        return GlobalV6.Contains(address) && !SpecialV6.Any(network => network.Contains(address));
    }
}
