using FitCluster.Bench;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// The small form of `bench/run twineb-planted`: counts whose rows come from a mixture of several Gammas, fitted with one component of rows
/// and with as many as were planted.
/// </summary>
public class PlantedComponentsTests(ITestOutputHelper output)
{
    private const int Rows = 1250;
    private const int HeldOutFrom = 1000;
    private const int Columns = 120;
    private const int Factors = 8;
    private const int Planted = 6;
    private const double MeanCount = 4;

    /// <summary>
    /// Starts end in different optima, so the two numbers of components are compared from the same start: the mean gain of held-out rows
    /// must be above the spread of the gains.
    /// </summary>
    [Fact]
    public void As_many_row_components_as_were_planted_predict_held_out_rows_better_than_one_beyond_the_spread_over_seeds()
    {
        double[][] y =
            [.. new PlantedCounts(1, Rows, Columns, Factors, Planted, Planted, MeanCount, evenFactors: true).Counts.Chunk(Columns)];
        var shards = ConjugateFit.Shards(y, Kind, HeldOutFrom);
        var (one, planted) = (Scores(1), Scores(Planted));
        var gains = planted.Select((score, seed) => score - one[seed]).ToArray();
        var words = $"1 component: {string.Join(", ", one)}; {Planted}: {string.Join(", ", planted)}";
        output.WriteLine(words);
        Assert.True(gains.Average() > gains.Max() - gains.Min(), words);

        double[] Scores(int components) =>
        [
            .. Enumerable.Range(1, 3).Select(seed => new ConjugateFit(
                new TwinEbOptions
                {
                    Rows = Rows,
                    Columns = Columns,
                    Factors = Factors,
                    RowComponents = components,
                    ColumnComponents = Planted,
                    HeldOutSamples = 40,
                    Seed = (ulong)seed,
                },
                shards).Result.Scalar("testLogLik")),
        ];
    }

    // Cells are held out evenly, zeros as others: of held-out rows 30 % are tested, 60 % of the others ignored. Validation cells, as in the
    // bench.
    private static int Kind(int i, int j)
    {
        var u = Philox.Uniform(9, 9, (ulong)((i * Columns) + j));
        var kind = i < HeldOutFrom
            ? u < 0.2 ? HeldOutKind.Validation : 0
            : u < 0.3 ? HeldOutKind.Test : u < 0.72 ? HeldOutKind.Ignored : 0;
        return (int)kind;
    }
}
