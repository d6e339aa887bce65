using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Addresses that come from outside a process.</summary>
internal static class OutsideAddress
{
    private const int Longest = 220;

    /// <summary>
    /// Whether an actor can have it: short, of harmless characters, and without parts such as "..".
    /// </summary>
    public static bool IsPossible(ActorAddress address) =>
        address is { Kind.Length: > 0, Id.Length: > 0 } && address.Kind.Length + address.Id.Length < Longest &&
        address.Kind.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') &&
        address.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/') &&
        address.Id.Split('/').All(part => part.Length > 0 && part[0] != '.');
}
