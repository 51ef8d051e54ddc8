using System.Security.Cryptography;
using System.Text;

namespace Api.Data;

/// <summary>
/// HMAC-SHA256 under one key, cut to 128 bits: enough that two texts never share a hash by chance. Every thread keeps a hash that
/// knows its key already, which takes half the time of making one. The key is asked for when it is first needed.
/// </summary>
sealed class KeyedHash(Func<byte[]> key) : IDisposable
{
    public const int Bytes = 16;

    readonly ThreadLocal<HMACSHA256> hashes = new(() => new HMACSHA256(key()), trackAllValues: true);

    public byte[] Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public byte[] Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hashes.Value!.TryComputeHash(bytes, hash, out _);
        return hash[..Bytes].ToArray();
    }

    public void Dispose()
    {
        foreach (var hash in hashes.Values) hash.Dispose();
        hashes.Dispose();
    }
}
