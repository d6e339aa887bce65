using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>Factors whose sides have signs are found from any start: they are never lost by the luck of a seed.</summary>
public sealed class SignedStartsTests(ITestOutputHelper output)
{
    private const int Rows = 40, Columns = 30, Planted = 5;

    // The share of what the planted factors raise the ELBO by that a fit from its own start must reach: there are many optima.
    private const double NearShare = 0.5;

    private static readonly PriorFamily[] Signed = [.. Enum.GetValues<PriorFamily>().Where(f => EbnmFamilies.Get(f).Traits.Sign != 0)];

    public static TheoryData<PriorFamily, PriorFamily> Sides()
    {
        var data = new TheoryData<PriorFamily, PriorFamily>();
        foreach (var family in Signed)
        {
            data.Add(family, PriorFamily.PointNormal);
            data.Add(PriorFamily.PointNormal, family);
        }

        data.Add(PriorFamily.PointExponential, PriorFamily.PointExponential);

        return data;
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void Planted_factors_are_found_whatever_the_seed(PriorFamily loadings, PriorFamily factors)
    {
        // A grid is swept in turn, at ten times the cost.
        var hasGrid = EbnmFamilies.Get(loadings).Traits.NeedsFullFits || EbnmFamilies.Get(factors).Traits.NeedsFullFits;
        var seeds = hasGrid ? Effort.Of(2UL, 20UL) : Effort.Of(8UL, 50UL);
        var least = double.PositiveInfinity;
        for (var seed = 1UL; seed <= seeds; seed++)
        {
            var (l, f) = (Side(seed, 1, Rows, loadings), Side(seed, 3, Columns, factors));
            var y = Enumerable.Range(0, Rows).Select(i => Enumerable.Range(0, Columns).Select(j =>
                (0.5 * Philox.Normal(seed, 5, (ulong)((i * Columns) + j)))
                + Enumerable.Range(0, Planted).Sum(k => l[(i * Planted) + k] * f[(j * Planted) + k])).ToArray()).ToArray();
            var options = new EbmfOptions
            {
                Rows = Rows, Columns = Columns, MaxFactors = Planted, LoadingsPrior = [loadings], FactorsPrior = [factors], Seed = seed,
                Tolerance = 0.1,
            };
            var found = SequentialFit.Run(options, SequentialFit.Shards(y));
            var nothing = SequentialFit.Run(options with { MaxFactors = 0 }, SequentialFit.Shards(y));
            var given = options with
            {
                Greedy = false,
                Init = EbmfInit.Given,
                InitialFactors = f,
                InitialFactorCount = Planted,
            };
            var extras = new ArraySet().Set("initialLoadings", l, [Rows, Planted]);
            var planted = SequentialFit.Run(given, SequentialFit.Shards(y, extras: (_, _) => extras));
            var share = (found.Elbo - nothing.Elbo) / (planted.Elbo - nothing.Elbo);
            least = double.Min(least, share);
            Assert.True(found.K > 0, $"seed {seed}: no factor; the planted ones raise the ELBO by {planted.Elbo - nothing.Elbo:F1}");
            Assert.True(share > NearShare, $"seed {seed}: ELBO {found.Elbo:F2}, K {found.K}; from the planted ones {planted.Elbo:F2}");
        }

        output.WriteLine($"least share {least:F3}");
    }

    // Sparse values with the sign of the family, n x Planted.
    private static double[] Side(ulong seed, ulong stream, int n, PriorFamily family)
    {
        var sign = EbnmFamilies.Get(family).Traits.Sign;
        return
        [
            .. Enumerable.Range(0, n * Planted).Select(i => (ulong)i).Select(i => Philox.Uniform(seed, stream + 1, i) >= 0.3 ? 0
                : sign == 0 ? 2 * Philox.Normal(seed, stream, i)
                : family == PriorFamily.GeneralizedBinary ? 1.5 + (0.15 * Philox.Normal(seed, stream, i))
                : -1.5 * sign * double.Log(Philox.Uniform(seed, stream, i))),
        ];
    }
}
