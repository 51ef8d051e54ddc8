using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Api.Http.RateLimiting;

/// <summary>
/// Identifies a client without storing its address: 128 bits of an HMAC, under a secret that only this process has and
/// never writes down.
/// </summary>
sealed class ClientKey
{
    static readonly System.Net.IPNetwork Nat64 = System.Net.IPNetwork.Parse("64:ff9b::/96");
    static readonly System.Net.IPNetwork SixToFour = System.Net.IPNetwork.Parse("2002::/16");

    readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>
    /// The key of a client: an IPv4 address, or an IPv6 network of 64 bits, which one household or server has.
    /// </summary>
    /// <param name="address">A Unix socket has none. All its clients count as one.</param>
    public UInt128 Of(IPAddress? address)
    {
        const int ClientBytes = 8;
        if (address is null)
            return Hash([]);
        var bytes = Canonical(address).GetAddressBytes();
        return Hash(bytes.AsSpan(..Math.Min(bytes.Length, ClientBytes)));
    }

    /// <summary>The key of a larger IPv6 network; <c>null</c> for IPv4.</summary>
    public UInt128? OfNetwork(IPAddress? address, int bits)
    {
        if (address is null || Canonical(address) is not { AddressFamily: AddressFamily.InterNetworkV6 } canonical)
            return null;
        return Hash(canonical.GetAddressBytes().AsSpan(..(bits / 8)));
    }

    UInt128 Hash(ReadOnlySpan<byte> network)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, network, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    // A client of IPv4 whose address was translated keeps its own limit: RFC 4291 (mapped), 6052 (NAT64), 3056 (6to4).
    static IPAddress Canonical(IPAddress address) =>
        address switch
        {
            { AddressFamily: not AddressFamily.InterNetworkV6 } => address,
            { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
            _ when Nat64.Contains(address) => new IPAddress(address.GetAddressBytes().AsSpan(12, 4)),
            _ when SixToFour.Contains(address) => new IPAddress(address.GetAddressBytes().AsSpan(2, 4)),
            _ => address,
        };
}
