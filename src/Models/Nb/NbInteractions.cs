using System.Diagnostics.CodeAnalysis;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>Interactions of factors, by the factors' names with ':' between them.</summary>
internal static class NbInteractions
{
    /// <summary>The type of the field.</summary>
    public static SpecType<IReadOnlyList<string>> Type { get; } = new(
        "a list of names of factors with ':' between them",
        "LIST",
        Read,
        (writer, name, value, _) => SpecTypes.WriteWords(writer, name, value));

    /// <summary>What is wrong with interactions of a design; null: nothing.</summary>
    public static string? Problem(IReadOnlyList<string> interactions, NbDesignSpec design)
    {
        string[] known = [.. design.Factors.Select(factor => factor.Name)];
        foreach (var interaction in interactions)
        {
            var of = interaction.Split(':');
            if (of.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            {
                return $"names the factor '{unknown}' in '{interaction}', which nb.design does not have{Nearest.Suggest(unknown, known)}";
            }

            if (of.Length < 2 || of.Distinct().Count() != of.Length)
            {
                return $"has '{interaction}', which is no interaction: name two different factors or more, as '{known[0]}:{known[1]}'";
            }
        }

        return interactions.Distinct().Count() == interactions.Count ? null : "has an interaction twice";
    }

    private static bool Read(FieldReading reading, [MaybeNullWhen(false)] out IReadOnlyList<string> value)
    {
        value = reading.Section.Node(reading.Key) is ListNode { Items.Count: 0 } ? [] : reading.Section.Words(reading.Key);
        return value is not null;
    }
}
