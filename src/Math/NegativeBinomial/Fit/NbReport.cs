using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Where a fit stands, and its results.</summary>
internal static class NbReport
{
    /// <summary>genes x n.</summary>
    public const string LocationArray = "gene_location";

    /// <summary>genes x n (n + 1) / 2.</summary>
    public const string FactorArray = "gene_factor";

    /// <summary>count x 2: location and standard deviation.</summary>
    public const string ScalarsArray = "scalars";

    /// <summary>The line of a trace.</summary>
    public static RoundReport Of(NbStructure structure, NbFitUpdate update, StateSet<NbField> state)
    {
        var phase = (NbPhase)state.Whole(NbField.Phase);
        var failure = state.Whole(NbField.Failure) switch
        {
            0 => null,
            1 => "a value is negative, missing or not a whole number, and model nb fits counts",
            _ => "there are no counts: every value is 0",
        };
        var words = phase switch
        {
            NbPhase.Describe => "describe",
            NbPhase.Histogram => "histogram",
            NbPhase.Group => $"groups {state[NbField.Start] + 1}",
            NbPhase.Start => $"start {state[NbField.Start] + 1}",
            NbPhase.Fit when NbDrops.IsTrying(state) => $"without component {state[NbField.Dropped]}",
            NbPhase.Fit => state.Is(NbField.IsLast) || structure.Shape.Components == 1 ? "fit" : $"try {state[NbField.Start] + 1}",
            _ => "finish",
        };
        // What a try comes to is not the fit's unless it is higher.
        var elbo = state[NbDrops.IsTrying(state) ? NbField.BestElbo : NbField.Elbo];
        var gain = double.Max(state[NbField.Gain], update.Tolerance);
        var progress = phase == NbPhase.Done ? 1
            : double.IsFinite(elbo) ? double.Clamp(1 - (double.Log(gain / update.Tolerance) / 20), 0.05, 0.95) : 0;
        return new RoundReport(
            words, double.IsFinite(elbo) ? elbo : double.NaN, phase == NbPhase.Done && failure is null, state.Is(NbField.Converged),
                progress, null, failure);
    }

    /// <summary>
    /// The coordinator's part of the results: moments and modes (leaves x G), weights (D x K, or one row), gene_location, gene_factor and
    /// scalars, of which <see cref="NbPosterior"/> draws; scale_* (mean, 5 % and 95 % quantile) of each hierarchy that has one scale for
    /// all genes; elbo.
    /// </summary>
    public static ArraySet Results(NbStructure structure, StateSet<NbField> state)
    {
        var parameters = state.Parameters(NbFitState.Current);
        var (n, shape) = (structure.Coordinates, structure.Shape);
        var posterior = new NbPosterior(structure, parameters);
        var results = posterior.Moments();
        AddModes(posterior, structure, results);
        if (shape.Components > 1)
        {
            results.Set("weights", Weights(parameters.Concentration, shape.Components),
                [parameters.Concentration.Length / shape.Components, shape.Components]);
        }

        results.Set(LocationArray, parameters.Location, [shape.Genes, n])
            .Set(FactorArray, parameters.Factor, [shape.Genes, SmallMatrix.Packed(n)])
            .Set(ScalarsArray, [.. parameters.ScalarLocation.Zip(parameters.ScalarScale).SelectMany(p => (double[])[p.First, p.Second])],
                [parameters.ScalarLocation.Length, 2]);
        foreach (var block in structure.Blocks.Append(structure.ScalarBlock).OfType<NbBlock>().Where(block => block.Scale >= 0))
        {
            results.Set("scale_" + block.Name, Scale(block, parameters), [3]);
        }

        return results.Set("elbo", state[NbField.Elbo]).Set("log_likelihood_total", state[NbField.LogLikelihood]);
    }

    private static void AddModes(NbPosterior posterior, NbStructure structure, ArraySet results)
    {
        var shape = structure.Shape;
        var mode = new NbDraw(shape.Leaves, shape.Genes);
        posterior.FillMode(mode);
        int[] size = [shape.Leaves, shape.Genes];
        results.Set("mean_map", mode.Mean, size).Set("dispersion_map", mode.Dispersion, size)
            .Set("probability_map", [.. mode.Mean.Zip(mode.Dispersion).Select(p => p.First / (p.First + p.Second))], size);
        if (structure.Options.ZeroInflation)
        {
            results.Set("gate_map", mode.Gate, size);
        }

        if (shape.ByEntry)
        {
            results.Set("overdispersion_map", mode.Omega, size);
        }
    }

    private static double[] Weights(double[] concentration, int components)
    {
        var weights = new double[concentration.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = concentration[i] / concentration.AsSpan(i / components * components, components).ToArray().Sum();
        }

        return weights;
    }

    // A standard deviation: softplus of its coordinate, or tau of a horseshoe.
    private static double[] Scale(NbBlock block, NbParameters parameters)
    {
        const double Tail = 1.6448536269514722;
        var (m, s) = (parameters.ScalarLocation[block.Scale], parameters.ScalarScale[block.Scale]);
        var link = block.Hierarchy.Family == NbFamily.Gaussian ? NbLink.Softplus : NbLink.Exp;
        var (nodes, weights) = GaussHermite.Of(9);
        return [nodes.Zip(weights).Sum(p => p.Second * NbLinks.Of(link, m + (s * p.First))),
            NbLinks.Of(link, m - (Tail * s)), NbLinks.Of(link, m + (Tail * s))];
    }
}
