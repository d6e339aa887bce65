using System.Text;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What a lease says: "kind/id" of the actor whose host its holder is.</summary>
internal static class LeaseText
{
    private const int Longest = 220;

    public static byte[] Write(ActorAddress address) => Encoding.UTF8.GetBytes(address.ToString());

    /// <summary>The address, if it is one of this kind; null for anything else.</summary>
    public static ActorAddress? Read(ReadOnlySpan<byte> bytes, string kind)
    {
        if (bytes.Length is 0 or > Longest)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes);
        var isOurs = text.Length > kind.Length + 1 && text.StartsWith(kind, StringComparison.Ordinal) && text[kind.Length] == '/' &&
            text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/');
        return isOurs ? new ActorAddress(kind, text[(kind.Length + 1)..]) : null;
    }
}
