using System.Buffers.Binary;
using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>Lets a dictionary of strings be asked with UTF-8 bytes, so that a repeated id costs no string.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    public int GetHashCode(string obj) => GetHashCode(Encoding.UTF8.GetBytes(obj).AsSpan());

    public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);

    public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.IsValid(alternate)
        ? Ascii.Equals(alternate, other.AsSpan())
        : Encoding.UTF8.GetString(alternate) == other;

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)alternate.Length;
        while (alternate.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(alternate));
            alternate = alternate[8..];
        }

        var rest = 0UL;
        foreach (var b in alternate)
        {
            rest = (rest << 8) | b;
        }

        hash = Mix(hash, rest);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * 0xFF51AFD7ED558CCDUL;
        return hash ^ (hash >> 29);
    }
}
