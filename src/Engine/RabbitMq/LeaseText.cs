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
        var isOfKind = text.Length > kind.Length + 1 && text.StartsWith(kind, StringComparison.Ordinal) && text[kind.Length] == '/';
        return isOfKind && new ActorAddress(kind, text[(kind.Length + 1)..]) is var address && IsAddress(address) ? address : null;
    }

    /// <summary>
    /// Whether an actor can have an address that came from outside: short enough for a queue's name, of harmless characters, and without
    /// parts such as "..".
    /// </summary>
    public static bool IsAddress(ActorAddress address) =>
        address is { Kind.Length: > 0, Id.Length: > 0 } && address.Kind.Length + address.Id.Length < Longest &&
        address.Kind.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') &&
        address.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/') &&
        address.Id.Split('/').All(part => part.Length > 0 && part[0] != '.');
}
