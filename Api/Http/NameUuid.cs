using System.Security.Cryptography;
using System.Text;

namespace Api.Http;

/// <summary>
/// UUIDs that are made of a name (RFC 9562, section 5.5: version 5). The same name has the same UUID.
/// </summary>
static class NameUuid
{
    /// <summary>Makes the UUID of a name.</summary>
    /// <param name="space">The namespace, in which the name is unique.</param>
    /// <param name="name">The name.</param>
    public static Guid Create(Guid space, string name)
    {
        byte[] input = [.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];
#pragma warning disable CA5350 // The standard requires SHA-1, and nothing depends on its strength.
        var id = SHA1.HashData(input).AsSpan(0, 16);
#pragma warning restore CA5350
        id[6] = (byte)((id[6] & 0x0F) | 0x50);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
