using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The Gaussian model: x_ij ~ N(sum_l u_il v_jl, sd2) on training cells, all others missing; normal mixtures on both sides; sd is given. Columns at the coordinator:
/// "column.means", "column.variances" (columns x factors), "column.seconds" (E v v', packed, columns x L (L + 1) / 2), "column.term", "columnStatistics", and
/// A and h of every column, "columnPrecisions" and "columnShifts".
/// </summary>
internal sealed class ConjugateGaussian(TwinEbOptions options) : IConjugateLikelihood
{
    private readonly int _factors = options.Factors;
    private readonly int _packed = options.Factors * (options.Factors + 1) / 2;

    /// <inheritdoc/>
    public bool ZerosAreImplied => false;

    /// <inheritdoc/>
    public void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial)
    {
        var (squares, cells) = (0.0, 0.0);
        for (var i = 0; i < row.Rows; i++)
        {
            if (!row.Cells.IsHeldOutRow(i))
            {
                row.Read(i);
                cells += row.Columns.Length;
                squares += FactorKernel.Dot(row.Values, row.Values);
            }
        }

        partial.Set("cells", cells).Set("squares", squares);
    }

    /// <inheritdoc/>
    public void StartColumns(ArraySet global, ulong seed)
    {
        var (rows, columns) = StartLevels(global);
        var means = new double[options.Columns * _factors];
        for (var at = 0; at < means.Length; at++)
        {
            means[at] = columns * ConjugateDraw.Normal(seed, ConjugateDraw.ColumnStart, 0, at / _factors, at % _factors);
        }

        global.Set("column.means", means, [options.Columns, _factors])
            .Set("column.seconds", Squares(means), [options.Columns, _packed])
            .Set("column.variances", new double[means.Length], [options.Columns, _factors])
            .Set("column.term", ConjugateSettings.NoObjective)
            .Set("column.rowLevel", rows);
        ConjugateNormalPrior.One(_factors, 0, RowsAreFixed ? options.RowPriorScale * options.RowPriorScale : rows * rows).Write(global, "rowPrior");
        ConjugateNormalPrior.One(_factors, 0, ColumnsAreFixed ? options.ColumnPriorScale * options.ColumnPriorScale : columns * columns).Write(global, "columnPrior");
        new ConjugateNormalStatistics(1, _factors).Write(global, "columnStatistics");
    }

    /// <inheritdoc/>
    public void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        var level = broadcast.Scalar("column.rowLevel");
        var means = new double[data.Block.Rows * _factors];
        for (var at = 0; at < means.Length; at++)
        {
            means[at] = level * ConjugateDraw.Normal(seed, ConjugateDraw.RowStart, 0, data.FirstRow + (at / _factors), at % _factors);
        }

        SetRows(shard, means, data.Block.Rows);
    }

    /// <inheritdoc/>
    public void Broadcast(ArraySet global, string prefix, bool forScore, ArraySet broadcast)
    {
        foreach (var name in new[] { "column.means", "column.seconds", "column.rowLevel" })
        {
            var array = global.Get(prefix + name);
            broadcast.Set(name, array.Values, array.Shape);
        }

        ConjugateNormalPrior.Read(global, prefix + "rowPrior").Write(broadcast, "rowPrior");
        if (forScore)
        {
            broadcast.Set("columnPrecisions", global[prefix + "columnPrecisions"]).Set("columnShifts", global[prefix + "columnShifts"]);
            ConjugateNormalPrior.Read(global, prefix + "columnPrior").Write(broadcast, "columnPrior");
        }
    }

    /// <inheritdoc/>
    public ArraySet Sweep(ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        var partial = new ConjugateGaussianRows(data, broadcast, options).Sweep(shard, broadcast["rowPrior.weights"].Length, out failedRow);
        for (var c = 0; c < candidates.Length; c++)
        {
            var point = points.Slice(2 * c * _factors, 2 * _factors);
            shard["row.means"].AsSpan(candidates[c] * _factors, _factors).CopyTo(point);
            shard["row.variances"].AsSpan(candidates[c] * _factors, _factors).CopyTo(point[_factors..]);
        }

        return partial;
    }

    /// <inheritdoc/>
    public double Advance(ArraySet global, ArraySet partial, bool mixtures)
    {
        var (rowPrior, columnPrior) = (ConjugateNormalPrior.Read(global, "rowPrior"), ConjugateNormalPrior.Read(global, "columnPrior"));
        var term = global.Scalar("column.term");
        var first = term <= ConjugateSettings.NoObjective;
        var variance = options.NoiseSd * options.NoiseSd;
        var constant = -(0.5 * global.Scalar("squares") / variance) - (global.Scalar("cells") * (NormalDistribution.LogRootTwoPi + double.Log(options.NoiseSd)));
        var objective = first
            ? ConjugateSettings.NoObjective
            : partial.Scalar("elbo") + term + constant + Penalty(rowPrior, RowsAreMixture && mixtures) + Penalty(columnPrior, ColumnsAreMixture && mixtures);
        Step(rowPrior, ConjugateNormalStatistics.Read(partial, "row"), RowsAreFixed, RowsAreMixture, mixtures).Write(global, "rowPrior");
        if (!first)
        {
            Step(columnPrior, ConjugateNormalStatistics.Read(global, "columnStatistics"), ColumnsAreFixed, ColumnsAreMixture, mixtures).Write(global, "columnPrior");
        }

        global.Set("columnPrecisions", partial["columnPrecisions"], [options.Columns, _packed]).Set("columnShifts", partial["columnShifts"], [options.Columns, _factors]);
        return objective;
    }

    /// <inheritdoc/>
    public void BroadcastColumns(ArraySet global, ArraySet broadcast)
    {
        broadcast.Set(global.Get("columnPrecisions")).Set(global.Get("columnShifts"));
        ConjugateNormalPrior.Read(global, "columnPrior").Write(broadcast, "columnPrior");
    }

    /// <inheritdoc/>
    public ArraySet Columns(ArraySet from, int first, int count)
    {
        var prior = ConjugateNormalPrior.Read(from, "columnPrior");
        var (precisions, shifts) = (from["columnPrecisions"], from["columnShifts"]);
        var (means, variances, seconds) = (new double[count * _factors], new double[count * _factors], new double[count * _packed]);
        var statistics = new ConjugateNormalStatistics(prior.Components, _factors);
        var posterior = new ConjugateNormalPosterior(prior);
        var term = 0.0;
        for (var j = 0; j < count; j++)
        {
            var a = precisions.AsSpan((first + j) * _packed, _packed);
            var h = shifts.AsSpan((first + j) * _factors, _factors);
            term += posterior.Evaluate(a, h) - posterior.Fit(a, h);
            posterior.AddTo(statistics);
            posterior.Mean.CopyTo(means, j * _factors);
            posterior.Variance.CopyTo(variances, j * _factors);
            posterior.Second.CopyTo(seconds, j * _packed);
        }

        int[] shape = [count, _factors];
        var part = new ArraySet().Set("column.means", means, shape, Reduction.Append).Set("column.variances", variances, shape, Reduction.Append)
            .Set("column.seconds", seconds, [count, _packed], Reduction.Append).Set("column.term", term);
        statistics.Write(part, "columnStatistics");
        return part;
    }

    /// <inheritdoc/>
    public void Split(ArraySet global, double[] candidates, ulong seed)
    {
        if (RowsAreMixture && options.RowComponents > 1)
        {
            var (means, variances) = (new double[candidates.Length / 2], new double[candidates.Length / 2]);
            for (var c = 0; c < candidates.Length / (2 * _factors); c++)
            {
                candidates.AsSpan(2 * c * _factors, _factors).CopyTo(means.AsSpan(c * _factors));
                candidates.AsSpan(((2 * c) + 1) * _factors, _factors).CopyTo(variances.AsSpan(c * _factors));
            }

            SplitSide(global, "rowPrior", means, variances, options.RowComponents, global.Scalar("trainingRows"), seed);
        }

        if (ColumnsAreMixture && options.ColumnComponents > 1)
        {
            SplitSide(global, "columnPrior", global["column.means"], global["column.variances"], options.ColumnComponents, options.Columns, seed + 1);
        }
    }

    /// <inheritdoc/>
    public IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast) => new ConjugateGaussianRows(data, broadcast, options);

    /// <inheritdoc/>
    public void EndRestart(ArraySet shard) => shard.Set("row.means", []).Set("row.variances", []);

    /// <inheritdoc/>
    /// <remarks>The posterior of a row does not depend on where it starts.</remarks>
    public void NewRows(ArraySet broadcast, ArraySet shard, int rows) => SetRows(shard, new double[rows * _factors], rows);

    /// <inheritdoc/>
    public ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter) => ((ConjugateGaussianRows)fitter).Sampler;

    /// <inheritdoc/>
    public ISideSampler ColumnSampler(ArraySet broadcast)
    {
        var (precisions, shifts) = (broadcast["columnPrecisions"], broadcast["columnShifts"]);
        var posterior = new ConjugateNormalPosterior(ConjugateNormalPrior.Read(broadcast, "columnPrior"));
        var sampler = new ConjugateNormalSampler(options, ConjugateDraw.ColumnScore, 0, options.Columns);
        for (var j = 0; j < options.Columns; j++)
        {
            posterior.Evaluate(precisions.AsSpan(j * _packed, _packed), shifts.AsSpan(j * _factors, _factors));
            sampler.Add(j, posterior);
        }

        return sampler;
    }

    /// <inheritdoc/>
    public void Results(ArraySet global, string prefix, ArraySet results)
    {
        int[] shape = [options.Columns, _factors];
        results.Set("columns_mean", global[prefix + "column.means"], shape)
            .Set("columns_sd", [.. global[prefix + "column.variances"].Select(v => double.Sqrt(v))], shape)
            .Set("columns_second", global[prefix + "column.seconds"], [options.Columns, _packed]);
        PriorResults(ConjugateNormalPrior.Read(global, prefix + "rowPrior"), "row_prior", results);
        PriorResults(ConjugateNormalPrior.Read(global, prefix + "columnPrior"), "column_prior", results);
    }

    private void SetRows(ArraySet shard, double[] means, int rows)
    {
        int[] shape = [rows, _factors];
        shard.Set("row.means", means, shape).Set("row.variances", new double[means.Length], shape);
    }

    private static void PriorResults(ConjugateNormalPrior prior, string name, ArraySet results)
    {
        int[] shape = [prior.Components, prior.Factors];
        results.Set(name + "_weight", prior.Weights).Set(name + "_mean", prior.Means, shape).Set(name + "_sd", [.. prior.Variances.Select(v => double.Sqrt(v))], shape);
    }

    private bool RowsAreMixture => options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows;

    private bool ColumnsAreMixture => options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns;

    private bool RowsAreFixed => !options.LearnsRowPrior;

    private bool ColumnsAreFixed => !options.LearnsColumnPrior;

    // Levels at which sum_l u_l v_l has the spread of the data, in the ratio of the priors' scales where these are given.
    private (double Rows, double Columns) StartLevels(ArraySet global)
    {
        var spread = double.Sqrt(double.Max(global.Scalar("squares"), 1e-12) / double.Max(global.Scalar("cells"), 1) / _factors);
        var ratio = double.Sqrt((RowsAreFixed ? options.RowPriorScale : 1) / (ColumnsAreFixed ? options.ColumnPriorScale : 1));
        return (double.Sqrt(spread) * ratio, double.Sqrt(spread) / ratio);
    }

    private static double Penalty(ConjugateNormalPrior prior, bool applies) => applies ? prior.Penalty(ConjugateSettings.Strength) : 0;

    private static ConjugateNormalPrior Step(ConjugateNormalPrior prior, ConjugateNormalStatistics statistics, bool isFixed, bool isMixture, bool mixtures) =>
        isFixed ? prior
        : !isMixture ? ConjugateNormalStep.Shared(prior, statistics)
        : ConjugateNormalStep.Mixture(prior, statistics, mixtures ? ConjugateSettings.Strength : 0);

    // v v' of every column, packed.
    private double[] Squares(double[] means)
    {
        var seconds = new double[options.Columns * _packed];
        for (int j = 0, at = 0; j < options.Columns; j++)
        {
            for (var i = 0; i < _factors; at += i + 1, i++)
            {
                FactorKernel.AddScaled(means[(j * _factors) + i], means.AsSpan(j * _factors, i + 1), seconds.AsSpan(at, i + 1));
            }
        }

        return seconds;
    }

    private void SplitSide(ArraySet global, string name, double[] means, double[] variances, int components, double members, ulong seed)
    {
        var one = ConjugateNormalPrior.Read(global, name);
        var points = new double[means.Length];
        for (var at = 0; at < means.Length; at++)
        {
            points[at] = (means[at] - one.Means[at % _factors]) / double.Sqrt(one.Variances[at % _factors]);
        }

        var clusters = ConjugateCluster.Assign(points, _factors, components, seed, ConjugateDraw.Cluster);
        var statistics = new ConjugateNormalStatistics(components, _factors);
        var each = members * _factors / means.Length;
        for (var at = 0; at < means.Length; at++)
        {
            var k = clusters[at / _factors];
            statistics.Counts[k] += at % _factors == 0 ? each : 0;
            statistics.Means[(k * _factors) + (at % _factors)] += each * means[at];
            statistics.Squares[(k * _factors) + (at % _factors)] += each * (variances[at] + (means[at] * means[at]));
        }

        var wide = new ConjugateNormalPrior(components, _factors);
        wide.Weights.AsSpan().Fill(1);
        one.Means.AsSpan(0, _factors).CopyTo(wide.CentreMeans);
        one.Variances.AsSpan(0, _factors).CopyTo(wide.CentreVariances);
        ConjugateNormalStep.Mixture(wide, statistics, ConjugateSettings.Strength).Write(global, name);
    }
}
