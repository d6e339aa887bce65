using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// The reference's simulated data set with its split (../shared/reference/twineb/sim300x200.json): three restarts, the test score at the
/// best validation score. The published algorithm: Poisson -2.739, Gaussian -1.1225; the true rates: -2.078.
/// </summary>
[Trait(Effort.Quick, "no")]
public class ConjugateAcceptanceTests
{
    [Fact]
    public void Poisson_scores_minus_2_40_or_better_and_more_components_do_no_harm()
    {
        var (options, shards) = Problem(gaussian: false);
        var twin = new ConjugateFit(options, shards).Result;
        Assert.True(twin.Scalar("testLogLik") >= -2.40, $"test log-likelihood {twin.Scalar("testLogLik")}");
        Assert.True(twin.Scalar("heldOutLogLik") >= -1.80, $"validation log-likelihood {twin.Scalar("heldOutLogLik")}");

        // The spread over restarts is the allowance for fewer components.
        var spread = Spread(twin["restartScores"]);
        foreach (var (rows, columns) in new[] { (1, 1), (10, 10) })
        {
            var fewer = new ConjugateFit(options with { RowComponents = rows, ColumnComponents = columns }, shards).Result;
            Assert.True(twin.Scalar("heldOutLogLik") >= fewer.Scalar("heldOutLogLik") - spread,
                $"{rows}/{columns}: {fewer.Scalar("heldOutLogLik")}");
            Assert.True(
                twin.Scalar("testLogLik") >= fewer.Scalar("testLogLik") - spread, $"{rows}/{columns}: {fewer.Scalar("testLogLik")}");
        }

        // The fixed prior that was best by validation in the reference's grid.
        var best = new ConjugateFit(options with { Prior = TwinEbPrior.Fixed, ColumnPriorShape = 1, ColumnPriorRate = 1 }, shards).Result;
        Assert.True(twin.Scalar("heldOutLogLik") >= best.Scalar("heldOutLogLik"), $"fixed: {best.Scalar("heldOutLogLik")}");
        Assert.True(twin.Scalar("testLogLik") >= best.Scalar("testLogLik"), $"fixed: {best.Scalar("testLogLik")}");
    }

    [Fact]
    public void Gaussian_is_no_worse_than_the_best_published_row()
    {
        var (options, shards) = Problem(gaussian: true);
        var twin = new ConjugateFit(options with { RowComponents = 10, ColumnComponents = 10 }, shards).Result;
        Assert.True(twin.Scalar("testLogLik") >= -1.1225, $"test log-likelihood {twin.Scalar("testLogLik")}");
        var one = new ConjugateFit(options with { RowComponents = 1, ColumnComponents = 1 }, shards).Result;
        Assert.True(twin.Scalar("testLogLik") >= one.Scalar("testLogLik"), $"1/1: {one.Scalar("testLogLik")}");
    }

    private static double Spread(double[] values) => values.Max() - values.Min();

    private static (TwinEbOptions Options, ShardData[] Shards) Problem(bool gaussian)
    {
        var root = SharedFolder.RequireJson("reference/twineb/sim300x200.json");
        var split = root.GetProperty(gaussian ? "PPCA" : "PMF");
        var y = root.GetProperty("PMF").GetProperty("Y_full").Matrix();
        if (gaussian)
        {
            var (mean, sd) = (split.GetProperty("x_mean").Numbers(), split.GetProperty("x_std").Numbers());
            y = [.. y.Select(row => row.Select((x, j) => x == 0 ? 0 : (double.Log(1 + x) - mean[j]) / sd[j]).ToArray())];
        }

        var (training, heldOut) = (Rows(split, "train_rows"), Rows(split, "test_rows"));
        y = [.. training.Concat(heldOut).Select(i => y[i])];
        var columns = y[0].Length;
        var kinds = new int[y.Length, columns];
        var bits = Convert.FromBase64String(split.GetProperty("val_mask_packbits_base64_rowmajor").GetString()!);
        for (var at = 0; at < training.Length * columns; at++)
        {
            // Big-endian bits. In the Gaussian model a zero is missing, whatever the mask says.
            if (((bits[at >> 3] >> (7 - (at & 7))) & 1) == 1)
            {
                kinds[at / columns, at % columns] =
                    (int)(gaussian && y[at / columns][at % columns] == 0 ? HeldOutKind.Ignored : HeldOutKind.Validation);
            }
        }

        foreach (var (name, kind) in new[] { ("test_eval_ij", HeldOutKind.Test), ("test_train_masked_ij", HeldOutKind.Ignored) })
        {
            var cells = split.GetProperty(name).Matrix();
            for (var c = 0; c < cells[0].Length; c++)
            {
                kinds[training.Length + (int)cells[0][c], (int)cells[1][c]] = (int)kind;
            }
        }

        var options = new TwinEbOptions
        {
            Rows = y.Length,
            Columns = columns,
            Factors = 8,
            Likelihood = gaussian ? TwinEbLikelihood.Gaussian : TwinEbLikelihood.Poisson,
            HeldOutSubtractsValue = gaussian,
            Restarts = 3,
        };
        return (options, ConjugateFit.Shards(
            y, (i, j) => kinds[i, j], training.Length, 1, gaussian ? UnstoredEntries.Missing : UnstoredEntries.Zero));
    }

    private static int[] Rows(JsonElement split, string name) => [.. split.GetProperty(name).Numbers().Select(i => (int)i)];
}
