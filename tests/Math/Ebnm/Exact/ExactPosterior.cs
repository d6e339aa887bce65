using System.Globalization;
using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm.Exact;

/// <summary>
/// A line of posteriors.csv or grids.csv (see generate.py and generate_grids.py): a prior, an observation, and what is right, to 50
/// digits and more.
/// </summary>
internal sealed record ExactPosterior(Prior Prior, double X, double S, double LogLikelihood, double Mean, double Deviation, double Lfsr)
{
    public static IReadOnlyList<ExactPosterior> Of(PriorFamily family, string table) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Ebnm", "Exact", table)).Skip(1).Select(Parse)
            .Where(p => p.Prior.Family == family),
    ];

    private static ExactPosterior Parse(string line)
    {
        var fields = line.Split(',');
        Assert.True(EbnmFamilies.TryParse(fields[0], out var family));
        var prior = new Prior(family, Number(fields[1]), [.. fields[2].Split('|').Select(Component)]);
        return new ExactPosterior(
            prior, Number(fields[3]), Number(fields[4]), Number(fields[5]), Number(fields[6]), Number(fields[7]), Number(fields[8]));
    }

    private static PriorComponent Component(string text)
    {
        var parts = text.Split(':');
        var kind = Enum.Parse<ComponentKind>(parts[0].Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        return new PriorComponent(kind, Number(parts[1]), Number(parts[2]), Number(parts[3]), Number(parts[4]), Number(parts[5]));
    }

    // Values beyond the range of doubles, as a false sign rate of 1e-1000000, are 0 or infinite.
    private static double Number(string text) => text == "inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);
}
