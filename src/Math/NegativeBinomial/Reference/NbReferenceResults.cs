using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The coordinator's results of the reference optimizer: moments over draws of the guides, and the guides themselves.</summary>
internal static class NbReferenceResults
{
    /// <summary>All guides' parameters, site after site: locations, and logarithms of all else.</summary>
    public const string Guides = "guides";

    private const int Draws = 500;
    private const ulong Salt = 0x7265_7375_6C74_7300;

    /// <summary>
    /// leaves x G: mean_mean, mean_sd, dispersion_* (r), probability_* (p), gate_*, overdispersion_* where the model has them; weights (D x
    /// K); "guide_" arrays of each site: (2 x length: location and scale, or shape and rate; weights: concentrations); and all guides'
    /// parameters in one array as they are, <see cref="Guides"/>, which draws are made of; elbo: the last step's, of one draw.
    /// </summary>
    public static ArraySet Of(NbOptions options, NbReferenceProblem problem, StateSet<NbReferenceField> state)
    {
        var (shape, parameters) = (problem.Shape, state[NbReferenceKeys.Parameters]);
        var length = shape.Leaves * shape.Genes;
        string[] names = ["mean", "dispersion", "probability", "gate", "overdispersion"];
        var sums = names.Select(_ => (First: new double[length], Second: new double[length])).ToArray();
        var weights = new double[shape.Leaves];
        for (var i = 0; i < Draws; i++)
        {
            var draw = new NbReferenceDraw(problem.Sites, parameters, options.Seed ^ Salt, i);
            var point = problem.Point(draw);
            for (var at = 0; at < length; at++)
            {
                Add(0, at, point.R[at] * point.Odds[at]);
                Add(1, at, point.R[at]);
                Add(2, at, point.Odds[at] / (1 + point.Odds[at]));
                Add(3, at, point.HasGate ? point.Gate[at] : 0);
                Add(4, at, shape.ByEntry ? point.Omega[at] : 0);
            }

            var logWeights = new double[shape.Leaves];
            problem.LogWeights(draw, logWeights);
            for (var w = 0; w < weights.Length; w++)
            {
                weights[w] += double.Exp(logWeights[w]) / Draws;
            }
        }

        var results = new ArraySet();
        for (var n = 0; n < names.Length; n++)
        {
            if ((n == 3 && !options.ZeroInflation) || (n == 4 && !shape.ByEntry))
            {
                continue;
            }

            double[] mean = [.. sums[n].First.Select(sum => sum / Draws)];
            double[] sd = [.. sums[n].Second.Select((sum, at) => double.Sqrt(double.Max(0, (sum / Draws) - (mean[at] * mean[at]))))];
            results.Set(names[n] + "_mean", mean, [shape.Leaves, shape.Genes]).Set(names[n] + "_sd", sd, [shape.Leaves, shape.Genes]);
        }

        if (shape.Components > 1)
        {
            results.Set("weights", weights, [shape.Datasets, shape.Components]);
        }

        foreach (var site in problem.Sites)
        {
            results.Set("guide_" + site.Name, Guide(site, parameters), [site.ParameterLength / site.Length, site.Length]);
        }

        return results.Set(Guides, parameters.ToArray()).Set("elbo", state[NbReferenceField.LastBound]);

        void Add(int name, int at, double value)
        {
            sums[name].First[at] += value;
            sums[name].Second[at] += value * value;
        }
    }

    private static double[] Guide(NbReferenceSite site, double[] parameters)
    {
        var values = parameters[site.ParameterOffset..(site.ParameterOffset + site.ParameterLength)];
        for (var i = site.IsLocationScale ? site.Length : 0; i < values.Length; i++)
        {
            values[i] = double.Exp(values[i]);
        }

        return values;
    }
}
