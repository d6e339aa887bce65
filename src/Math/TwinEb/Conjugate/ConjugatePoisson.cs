using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The Poisson model: x_ij ~ Poisson(sum_l u_il v_jl), Gamma mixtures on both sides. Columns at the coordinator: "column.counts" s, "column.rates" t (of all columns, or, where no cell is
/// excluded and zeros are data, once), "column.logs" E log v, "column.means" E v (each columns x factors), "column.term" (their part of the ELBO), and the statistics of
/// their prior "columnStatistics".
/// </summary>
internal sealed class ConjugatePoisson(TwinEbOptions options) : IConjugateLikelihood
{
    // Starting values are Gamma(10) around the level that gives the data's mean: unequal enough to part the factors.
    private const double StartShape = 10;

    private readonly int _factors = options.Factors;

    /// <inheritdoc/>
    public bool ZerosAreImplied => true;

    /// <inheritdoc/>
    public void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial)
    {
        var (sum, cells, excluded, logFactorials) = (0.0, 0.0, 0L, 0.0);
        var columnSums = new double[options.Columns];
        for (var i = 0; i < row.Rows; i++)
        {
            if (!row.Cells.IsHeldOutRow(i))
            {
                row.Read(i);
                cells += zerosMissing ? row.Columns.Length : options.Columns - row.Excluded.Length;
                excluded += row.Excluded.Length;
                for (var e = 0; e < row.Columns.Length; e++)
                {
                    var x = row.Values[e];
                    sum += x;
                    columnSums[row.Columns[e]] += x;
                    logFactorials += x > 1 ? GammaFunctions.LogGamma(x + 1) : 0;
                }
            }
        }

        partial.Set("sum", sum).Set("cells", cells).Set("excludedCells", excluded).Set("logFactorials", logFactorials).Set("columnSums", columnSums);
    }

    /// <inheritdoc/>
    public void StartColumns(ArraySet global, ulong seed)
    {
        var (rows, columns) = StartLevels(global);
        var sums = global["columnSums"];
        var average = double.Max(sums.Sum() / sums.Length, double.Epsilon);
        var means = new double[sums.Length * _factors];
        for (var at = 0; at < means.Length; at++)
        {
            var share = ((sums[at / _factors] / average) + 0.1) / 1.1;
            means[at] = columns * share * ConjugateDraw.Gamma(StartShape, seed, ConjugateDraw.ColumnStart, 0, at / _factors, at % _factors) / StartShape;
        }

        int[] shape = [sums.Length, _factors];
        global.Set("column.counts", new double[means.Length], shape)
            .Set("column.rates", new double[_factors], [1, _factors])
            .Set("column.logs", [.. means.Select(m => double.Log(m))], shape)
            .Set("column.means", means, shape)
            .Set("column.term", ConjugateSettings.NoObjective)
            .Set("column.rowLevel", rows);
        var rowPrior = RowsAreFixed
            ? ConjugateGammaPrior.One(_factors, options.RowPriorShape, options.RowPriorRate)
            : ConjugateGammaPrior.One(_factors, 1, 1 / rows);
        rowPrior.Write(global, "rowPrior");
        var columnPrior = ColumnsAreFixed
            ? ConjugateGammaPrior.One(_factors, options.ColumnPriorShape, options.ColumnPriorRate)
            : ConjugateGammaPrior.One(_factors, 1, 1 / columns);
        columnPrior.Write(global, "columnPrior");
        new ConjugateGammaStatistics(1, _factors).Write(global, "columnStatistics");
    }

    /// <inheritdoc/>
    public void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        var level = double.Log(broadcast.Scalar("column.rowLevel") / StartShape);
        var logs = new double[data.Block.Rows * _factors];
        for (var at = 0; at < logs.Length; at++)
        {
            logs[at] = level + double.Log(ConjugateDraw.Gamma(
                StartShape, seed, ConjugateDraw.RowStart, 0, data.FirstRow + (at / _factors), at % _factors));
        }

        shard.Set("row.logs", logs, [data.Block.Rows, _factors]);
    }

    /// <inheritdoc/>
    public void Broadcast(ArraySet global, string prefix, bool forScore, ArraySet broadcast)
    {
        broadcast.Set("hasAbsent", AnyAbsent(global) ? 1 : 0);
        string[] names = ["column.logs", "column.means", "column.rowLevel", .. forScore ? ["column.counts", "column.rates"] : (string[])[]];
        foreach (var name in names)
        {
            var array = global.Get(prefix + name);
            broadcast.Set(name, array.Values, array.Shape);
        }

        ConjugateGammaPrior.Read(global, prefix + "rowPrior").Write(broadcast, "rowPrior");
        if (forScore)
        {
            ConjugateGammaPrior.Read(global, prefix + "columnPrior").Write(broadcast, "columnPrior");
        }
    }

    /// <inheritdoc/>
    public ArraySet Sweep(ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        using var rows = new ConjugatePoissonRows(data, broadcast, _factors);
        return rows.Sweep(shard, broadcast["rowPrior.weights"].Length, candidates, points, out failedRow);
    }

    /// <inheritdoc/>
    public double Advance(ArraySet global, ArraySet partial, bool mixtures)
    {
        var (rowPrior, columnPrior) = (ConjugateGammaPrior.Read(global, "rowPrior"), ConjugateGammaPrior.Read(global, "columnPrior"));
        var term = global.Scalar("column.term");
        var first = term <= ConjugateSettings.NoObjective;
        var objective = first
            ? ConjugateSettings.NoObjective
            : partial.Scalar("elbo") + term - global.Scalar("logFactorials") + Penalty(rowPrior, RowsAreMixture && mixtures) + Penalty(columnPrior, ColumnsAreMixture && mixtures);
        Step(rowPrior, ConjugateGammaStatistics.Read(partial, "row"), RowsAreFixed, RowsAreMixture, mixtures).Write(global, "rowPrior");
        if (!first)
        {
            Step(columnPrior, ConjugateGammaStatistics.Read(global, "columnStatistics"), ColumnsAreFixed, ColumnsAreMixture, mixtures).Write(global, "columnPrior");
        }

        SetColumnLikelihoods(global, partial);
        return objective;
    }

    /// <summary>Whether a broadcast says that cells are absent; one that says nothing may have some.</summary>
    public static bool HasAbsent(ArraySet broadcast) => !broadcast.Contains("hasAbsent") || broadcast.Scalar("hasAbsent") != 0;

    /// <inheritdoc/>
    public void BroadcastColumns(ArraySet global, ArraySet broadcast)
    {
        broadcast.Set(global.Get("column.counts")).Set(global.Get("column.rates"));
        ConjugateGammaPrior.Read(global, "columnPrior").Write(broadcast, "columnPrior");
    }

    /// <inheritdoc/>
    public ArraySet Columns(ArraySet from, int first, int count)
    {
        var prior = ConjugateGammaPrior.Read(from, "columnPrior");
        var (s, t) = (from["column.counts"], from["column.rates"]);
        var (logs, means) = (new double[count * _factors], new double[count * _factors]);
        // Bounded by all columns, not by these alone: most have their greatest t, or nearly so.
        var posterior = new ConjugateGammaPosterior(prior, Greatest(t));
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        var term = 0.0;
        for (var j = 0; j < count; j++)
        {
            s.AsSpan((first + j) * _factors, _factors).CopyTo(padS);
            t.AsSpan(RatesAt(t, first + j), _factors).CopyTo(padT);
            term += posterior.Evaluate(padS, padT) - FactorKernel.Dot(padS, posterior.Log) + FactorKernel.Dot(padT, posterior.Mean);
            posterior.Accumulate();
            posterior.Log.AsSpan(0, _factors).CopyTo(logs.AsSpan(j * _factors));
            posterior.Mean.AsSpan(0, _factors).CopyTo(means.AsSpan(j * _factors));
        }

        int[] shape = [count, _factors];
        var part = new ArraySet().Set("column.logs", logs, shape, Reduction.Append).Set("column.means", means, shape, Reduction.Append).Set("column.term", term);
        posterior.Statistics(prior.Components).Write(part, "columnStatistics");
        return part;
    }

    /// <inheritdoc/>
    public void Split(ArraySet global, double[] candidates, ulong seed)
    {
        if (RowsAreMixture && options.RowComponents > 1)
        {
            // The one-component posterior is Gamma(a + s, b + t).
            var one = ConjugateGammaPrior.Read(global, "rowPrior");
            var (logs, means) = (new double[candidates.Length / 2], new double[candidates.Length / 2]);
            for (var at = 0; at < logs.Length; at++)
            {
                var (c, l) = (at / _factors, at % _factors);
                var shape = one.Shapes[l] + candidates[(2 * c * _factors) + l];
                var rate = one.Rates[l] + candidates[(((2 * c) + 1) * _factors) + l];
                (logs[at], means[at]) = (GammaFunctions.Digamma(shape) - double.Log(rate), shape / rate);
            }

            SplitSide(global, "rowPrior", logs, means, options.RowComponents, global.Scalar("trainingRows"), seed);
        }

        if (ColumnsAreMixture && options.ColumnComponents > 1)
        {
            SplitSide(global, "columnPrior", global["column.logs"], global["column.means"], options.ColumnComponents, options.Columns, seed + 1);
        }
    }

    /// <inheritdoc/>
    public IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast) => new ConjugatePoissonRows(data, broadcast, _factors);

    /// <inheritdoc/>
    public void EndRestart(ArraySet shard) => shard.Set("row.logs", []);

    /// <inheritdoc/>
    public void NewRows(ArraySet broadcast, ArraySet shard, int rows)
    {
        var prior = ConjugateGammaPrior.Read(broadcast, "rowPrior");
        var start = new double[_factors];
        for (var l = 0; l < _factors; l++)
        {
            var mean = 0.0;
            for (var k = 0; k < prior.Components; k++)
            {
                mean += prior.Weights[k] > 0 ? prior.Weights[k] * prior.Shapes[(k * _factors) + l] / prior.Rates[(k * _factors) + l] : 0;
            }

            start[l] = double.Log(mean);
        }

        var logs = new double[rows * _factors];
        for (var i = 0; i < rows; i++)
        {
            start.CopyTo(logs, i * _factors);
        }

        shard.Set("row.logs", logs, [rows, _factors]);
    }

    /// <inheritdoc/>
    public ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter) => new ConjugateGammaSampler(
        ConjugateGammaPrior.Read(broadcast, "rowPrior"), ((ConjugatePoissonRows)fitter).Counts, ((ConjugatePoissonRows)fitter).Rates, options.Seed, ConjugateDraw.RowScore, data.FirstRow);

    /// <inheritdoc/>
    public ISideSampler ColumnSampler(ArraySet broadcast) => new ConjugateGammaSampler(
        ConjugateGammaPrior.Read(broadcast, "columnPrior"), broadcast["column.counts"], RatesOfAll(broadcast["column.rates"]), options.Seed, ConjugateDraw.ColumnScore, 0);

    /// <inheritdoc/>
    public void Results(ArraySet global, string prefix, ArraySet results)
    {
        var prior = ConjugateGammaPrior.Read(global, prefix + "columnPrior");
        var (s, t, means) = (global[prefix + "column.counts"], global[prefix + "column.rates"], global[prefix + "column.means"]);
        var sd = new double[means.Length];
        var posterior = new ConjugateGammaPosterior(prior, Greatest(t));
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        for (var j = 0; j < options.Columns; j++)
        {
            s.AsSpan(j * _factors, _factors).CopyTo(padS);
            t.AsSpan(RatesAt(t, j), _factors).CopyTo(padT);
            posterior.Evaluate(padS, padT);
            posterior.SecondMoments(padS, padT);
            for (var l = 0; l < _factors; l++)
            {
                sd[(j * _factors) + l] = double.Sqrt(double.Max(0, posterior.Square[l] - (posterior.Mean[l] * posterior.Mean[l])));
            }
        }

        int[] shape = [options.Columns, _factors];
        results.Set("columns_mean", means, shape).Set("columns_sd", sd, shape).Set("columns_log_mean", global[prefix + "column.logs"], shape);
        PriorResults(ConjugateGammaPrior.Read(global, prefix + "rowPrior"), "row_prior", results);
        PriorResults(prior, "column_prior", results);
    }

    private static void PriorResults(ConjugateGammaPrior prior, string name, ArraySet results)
    {
        int[] shape = [prior.Components, prior.Factors];
        results.Set(name + "_weight", prior.Weights).Set(name + "_shape", prior.Shapes, shape).Set(name + "_rate", prior.Rates, shape);
    }

    private bool RowsAreMixture => options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows;

    private bool ColumnsAreMixture => options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns;

    private bool RowsAreFixed => !options.LearnsRowPrior;

    private bool ColumnsAreFixed => !options.LearnsColumnPrior;

    // The levels at which rates have the mean of the data: a fixed prior's own, as far as both sides' product allows.
    private (double Rows, double Columns) StartLevels(ArraySet global)
    {
        var mean = double.Max(global.Scalar("sum"), 1) / double.Max(global.Scalar("cells"), 1) / _factors;
        var (row, column) = (options.RowPriorShape / options.RowPriorRate, options.ColumnPriorShape / options.ColumnPriorRate);
        return (RowsAreFixed, ColumnsAreFixed) switch
        {
            (true, true) => (row * double.Sqrt(mean / (row * column)), column * double.Sqrt(mean / (row * column))),
            (true, false) => (row, mean / row),
            (false, true) => (mean / column, column),
            _ => (double.Sqrt(mean), double.Sqrt(mean)),
        };
    }

    private static double Penalty(ConjugateGammaPrior prior, bool applies) =>
        applies ? prior.Penalty(ConjugateSettings.Strength, ConjugateSettings.ShapeStrength) : 0;

    private static ConjugateGammaPrior Step(ConjugateGammaPrior prior, ConjugateGammaStatistics statistics, bool isFixed, bool isMixture, bool mixtures) =>
        isFixed ? prior
        : !isMixture ? ConjugateGammaStep.Shared(prior, statistics)
        : mixtures ? ConjugateGammaStep.Mixture(prior, statistics, ConjugateSettings.Strength, ConjugateSettings.ShapeStrength)
        : ConjugateGammaStep.Mixture(prior, statistics, 0, 0);

    // Whether a cell of a training row is excluded, or zeros are missing, anywhere in the data: t then differs from column to column.
    private static bool AnyAbsent(ArraySet global) =>
        global.Scalar("zerosMissing") != 0 || !global.Contains("excludedCells") || global.Scalar("excludedCells") > 0;

    // s and t of every column from the sums over rows.
    private void SetColumnLikelihoods(ArraySet global, ArraySet partial)
    {
        var (shares, absent, totals, logs) = (partial["columnCounts"], partial["columnAbsent"], partial["rowMeans"], global["column.logs"]);
        var zerosMissing = global.Scalar("zerosMissing") != 0;
        var (s, t) = (new double[shares.Length], absent.Length > 0 ? new double[absent.Length] : totals);
        for (var j = 0; j < options.Columns; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * _factors, _factors), s.AsSpan(j * _factors, _factors));
        }

        for (var at = 0; at < s.Length; at++)
        {
            s[at] *= shares[at];
        }

        for (var at = 0; at < absent.Length; at++)
        {
            t[at] = zerosMissing ? absent[at] : double.Max(totals[at % _factors] - absent[at], 0);
        }

        global.Set("column.counts", s, [options.Columns, _factors]).Set("column.rates", t, [t.Length / _factors, _factors]);
    }

    // Where a column's rates are: all have the same ones where nothing is absent, and these are there once.
    private int RatesAt(double[] t, int column) => t.Length == _factors ? 0 : column * _factors;

    private double[] RatesOfAll(double[] t)
    {
        var all = new double[options.Columns * _factors];
        for (var j = 0; j < options.Columns; j++)
        {
            t.AsSpan(RatesAt(t, j), _factors).CopyTo(all.AsSpan(j * _factors));
        }

        return all;
    }

    // The greatest t of each factor: most columns have it, or nearly so.
    private double[] Greatest(double[] t)
    {
        var greatest = new double[_factors];
        for (var at = 0; at < t.Length; at++)
        {
            greatest[at % _factors] = double.Max(greatest[at % _factors], t[at]);
        }

        return greatest;
    }

    // Components from clusters of E log x, standardized by the prior's own spread of log x.
    private void SplitSide(ArraySet global, string name, double[] logs, double[] means, int components, double members, ulong seed)
    {
        var one = ConjugateGammaPrior.Read(global, name);
        var count = logs.Length / _factors;
        var points = new double[logs.Length];
        for (var at = 0; at < logs.Length; at++)
        {
            var (a, b) = (one.Shapes[at % _factors], one.Rates[at % _factors]);
            points[at] = (logs[at] - GammaFunctions.Digamma(a) + double.Log(b)) / double.Sqrt(GammaFunctions.Trigamma(a));
        }

        var clusters = ConjugateCluster.Assign(points, _factors, components, seed, ConjugateDraw.Cluster);
        var statistics = new ConjugateGammaStatistics(components, _factors);
        var each = members / count;
        for (var i = 0; i < count; i++)
        {
            statistics.Counts[clusters[i]] += each;
            for (var l = 0; l < _factors; l++)
            {
                var at = (clusters[i] * _factors) + l;
                statistics.Logs[at] += each * logs[(i * _factors) + l];
                statistics.Means[at] += each * means[(i * _factors) + l];
            }
        }

        var wide = new ConjugateGammaPrior(components, _factors);
        wide.Weights.AsSpan().Fill(1);
        for (var l = 0; l < _factors; l++)
        {
            (wide.CentreShapes[l], wide.CentreRates[l]) = (one.Shapes[l], one.Rates[l]);
        }

        ConjugateGammaStep.Mixture(wide, statistics, ConjugateSettings.Strength, ConjugateSettings.ShapeStrength).Write(global, name);
    }
}
