namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// A gene's bound has two tops where its zeros can be told of by a gate or by a low mean and r, or its scatter by omega or by a low r: each
/// gene tries the other one (gates at 0.4 with as much greater a mean, omega at 1/2; or next to 0), climbs from there, and keeps what is
/// better.
/// </summary>
internal sealed class NbModes(NbStructure structure)
{
    private const double High = -0.4;
    private const double Low = -6;
    private const double Between = -2.5;
    private const int Steps = 10;
    private const double LeastGain = 0.01;

    /// <summary>Whether a model has such parameters.</summary>
    public static bool Has(NbOptions options) => options.ZeroInflation || options.Overdispersion == NbOverdispersion.Bnb;

    /// <summary>The parameters with each gene's better mode, and how many genes changed.</summary>
    public (NbParameters Parameters, NbSystem System, int Changed) Try(
        NbParameters parameters, NbSystem system, NbEvidence evidence, NbAscent ascent)
    {
        var all = 0;
        foreach (var dimension in structure.Dimensions.Where(d => d is NbDimension.Gate or NbDimension.Omega))
        {
            (parameters, system, var changed) = Try(dimension, parameters, system, evidence, ascent);
            all += changed;
        }

        return (parameters, system, all);
    }

    private (NbParameters Parameters, NbSystem System, int Changed) Try(
        NbDimension dimension, NbParameters parameters, NbSystem system, NbEvidence evidence, NbAscent ascent)
    {
        var n = structure.Coordinates;
        var other = parameters.Clone();
        for (var g = 0; g < structure.Shape.Genes; g++)
        {
            Turn(dimension, other, g);
        }

        var (climbed, climbedSystem) = ascent.Improve(other, ascent.Evaluate(other, evidence), evidence, Steps, 0, false);
        var changed = 0;
        for (var g = 0; g < structure.Shape.Genes; g++)
        {
            if (climbedSystem.Values[g] > system.Values[g] + LeastGain)
            {
                changed++;
            }
            else
            {
                climbed.CopyGene(parameters, g, n);
                climbedSystem.CopyGene(system, g);
            }
        }

        return (climbed, climbedSystem, changed);
    }

    // All of a gene's to the other side; with gates its means, so that (1 - gate) mean stays about as it is.
    private void Turn(NbDimension dimension, NbParameters parameters, int g)
    {
        var n = structure.Coordinates;
        int[] turned = [.. Enumerable.Range(0, n).Where(i => structure.DimensionOf(i) == dimension)];
        var isHigh = turned.Any(i => parameters.Location[(g * n) + i] > Between);
        var step = dimension == NbDimension.Gate ? double.Log(1 + double.Exp(High)) * (isHigh ? -1 : 1) : 0;
        for (var i = 0; i < n; i++)
        {
            ref var location = ref parameters.Location[(g * n) + i];
            if (structure.DimensionOf(i) == dimension)
            {
                location = isHigh ? Low : High;

                // Of this coordinate nothing is known of how it goes with those before it.
                var row = parameters.Factor.AsSpan((g * SmallMatrix.Packed(n)) + SmallMatrix.Packed(i), i + 1);
                row.Clear();
                row[i] = isHigh ? 0.7 : 0.3;
            }
            else if (structure.DimensionOf(i) == NbDimension.First && !structure.IsEffect(i))
            {
                location = NbLinks.Moved(structure.Options.Link, location, step).Value;
            }
        }
    }
}
