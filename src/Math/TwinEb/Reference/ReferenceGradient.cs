using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// One estimate of the ELBO and its gradient on one shard's rows of a minibatch,
/// <c>mean over particles of scale [sum_i log p(x_i | u_i, V) + log p(u_i) - log q(u_i)] + sum_j [log p(v_j) - log q(v_j)]</c>, scale =
/// rows / batch. The terms of the columns' prior and entropy are divided over shards: each takes the columns [first, last) it is given.
/// <para>
/// Cost of a step, per particle, in fused products, n = non-zeros, h = held-out cells of the batch's rows, B rows, W = L rounded up to 4:
/// densities 3 (D K_c + B K_r) 2 W and an exp for each (column or row, component); entries 3 n W; rates over all cells (sum of u) . (sum of
/// v), less held-out cells 2 h W; about 30 D W elementary operations for draws, chain rule and Adam. At ML-100K size (D = 1,682, L = 15,
/// K_r = 70, K_c = 100, B = 128): 17.7 million for densities, 0.5 million for 11,000 entries, 1.2 million for held-out cells: 19.4 million
/// products and 178,000 exps; a core that issues 8 a cycle at 3 GHz needs 0.8 ms for the products. (The published code: B D L for the
/// rates, and K L scalar densities for each row and column.)
/// </para>
/// Scratch memory is kept between steps; an instance is used by one step at a time.
/// </summary>
internal sealed class ReferenceGradient
{
    private readonly TwinEbOptions _options;
    private readonly ReferenceEntries _entries;
    private readonly double[] _countsOfRows;
    private readonly AlignedArray _sumsOfRows;
    private readonly double[] _countsOfColumns;
    private readonly AlignedArray _sumsOfColumns;
    private readonly AlignedArray _responsibilities;
    private readonly AlignedArray _expected;

    public ReferenceGradient(TwinEbOptions options)
    {
        _options = options;
        RowPrior = ReferencePrior.OfRows(options);
        ColumnPrior = ReferencePrior.OfColumns(options);
        RowTable = new ReferencePriorTable(RowPrior);
        ColumnTable = new ReferencePriorTable(ColumnPrior);
        Rows = new ReferenceSide(options.Factors, options.Likelihood);
        Columns = new ReferenceSide(options.Factors, options.Likelihood);
        _entries = new ReferenceEntries(options, Rows, Columns);
        var statistics = 2 * Rows.Width;
        (_countsOfRows, _sumsOfRows) = (new double[RowTable.PaddedComponents], new AlignedArray(RowTable.PaddedComponents * statistics));
        (_countsOfColumns, _sumsOfColumns) =
            (new double[ColumnTable.PaddedComponents], new AlignedArray(ColumnTable.PaddedComponents * statistics));
        _responsibilities = new AlignedArray(ReferenceMixture.Block * int.Max(RowTable.PaddedComponents, ColumnTable.PaddedComponents));
        _expected = new AlignedArray(ReferenceMixture.Block * statistics);
        RowPriorGradient = new double[RowPrior.Parameters];
        ColumnPriorGradient = new double[ColumnPrior.Parameters];
    }

    public ReferencePrior RowPrior { get; }

    public ReferencePrior ColumnPrior { get; }

    public ReferencePriorTable RowTable { get; }

    public ReferencePriorTable ColumnTable { get; }

    public ReferenceSide Rows { get; }

    public ReferenceSide Columns { get; }

    /// <summary>The gradient of minus the ELBO by the rows' parameters [2, batch, L].</summary>
    public double[] RowGradient { get; private set; } = [];

    /// <summary>The gradient of minus the ELBO by the columns' parameters [2, D, L].</summary>
    public double[] ColumnGradient { get; private set; } = [];

    /// <summary>The gradient of minus the ELBO by the free parameters of the rows' prior.</summary>
    public double[] RowPriorGradient { get; }

    /// <summary>The gradient of minus the ELBO by the free parameters of the columns' prior.</summary>
    public double[] ColumnPriorGradient { get; }

    /// <summary>The scaled log-likelihood, a mean over particles.</summary>
    public double LogLik { get; private set; }

    /// <summary>The log prior of rows (scaled) and columns, a mean over particles.</summary>
    public double LogPrior { get; private set; }

    /// <summary>Minus log q of rows (scaled) and columns, a mean over particles.</summary>
    public double Entropy { get; private set; }

    /// <summary>The rows of the batch.</summary>
    public int RowCount { get; private set; }

    /// <summary>The sum of squares of <see cref="RowGradient"/>.</summary>
    public double RowSquaredNorm => SquaredNorm(RowGradient.AsSpan(0, 2 * RowCount * _options.Factors));

    /// <summary>Computes all of the above.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="rowParameters">The parameters of all rows of the shard [2, rows, L].</param>
    /// <param name="columnParameters">The parameters of all columns [2, D, L].</param>
    /// <param name="rowPrior">The free parameters of the rows' prior.</param>
    /// <param name="columnPrior">The free parameters of the columns' prior.</param>
    /// <param name="noise">The draws.</param>
    /// <param name="first">The first column whose prior and entropy count here.</param>
    /// <param name="last">The column after the last.</param>
    /// <param name="areColumnsFrozen">Whether columns and priors are constants: their gradients are not computed.</param>
    public void Compute(
        ReferenceBatch batch, ReadOnlySpan<double> rowParameters, ReadOnlySpan<double> columnParameters, ReadOnlySpan<double> rowPrior,
        ReadOnlySpan<double> columnPrior, IReferenceNoise noise, int first, int last, bool areColumnsFrozen)
    {
        var particles = _options.Particles;
        Columns.Load(columnParameters, _options.Columns, []);
        RowTable.Set(rowPrior);
        if (!areColumnsFrozen)
        {
            ColumnTable.Set(columnPrior);
        }

        var rows = batch.Rows;
        if (rows.Length > 0)
        {
            Rows.Load(rowParameters, batch.Data.Block.Rows, rows);
        }

        _countsOfRows.AsSpan().Clear();
        _sumsOfRows.Span.Clear();
        _countsOfColumns.AsSpan().Clear();
        _sumsOfColumns.Span.Clear();
        (LogLik, LogPrior, Entropy) = (0, 0, 0);
        if (areColumnsFrozen)
        {
            (first, last) = (0, 0);
        }

        for (var particle = 0; particle < particles; particle++)
        {
            noise.Columns(particle, _options.Columns, Columns.Width, Columns.Noise);
            Columns.Draw();
            DrawRows(batch, noise, particle);
            LogLik += batch.Scale * _entries.LogLikelihood(batch, areColumnsFrozen);
            var isFirst = particle == 0;
            LogPrior += batch.Scale * Densities(RowTable, Rows, 0, rows.Length, _countsOfRows, _sumsOfRows, isFirst);
            Entropy += batch.Scale * Rows.EntropyOfDraw(0, rows.Length);
            LogPrior += Densities(ColumnTable, Columns, first, last, _countsOfColumns, _sumsOfColumns, isFirst);
            Entropy += Columns.EntropyOfDraw(first, last);
            if (!areColumnsFrozen)
            {
                // The prior of these columns is another shard's.
                Columns.AddDraw(0, first, [], isFirst);
                Columns.AddDraw(last, _options.Columns, [], isFirst);
            }
        }

        Finish(batch, first, last, areColumnsFrozen);
    }

    // The log prior of entities first to last, its gradient, and the draw's; a block at a time, while it is in the first-level cache.
    private double Densities(
        ReferencePriorTable table, ReferenceSide side, int first, int last, double[] counts, AlignedArray sums, bool isFirst)
    {
        var logPrior = 0.0;
        for (var at = first; at < last; at += ReferenceMixture.Block)
        {
            var end = int.Min(last, at + ReferenceMixture.Block);
            logPrior += ReferenceMixture.Evaluate(
                table, side.Statistics[(at * 2 * side.Width)..], end - at, _expected.Span, counts, sums.Span, _responsibilities.Span);
            side.AddDraw(at, end, _expected.Span, isFirst);
        }

        return logPrior;
    }

    /// <summary>Gives <see cref="ColumnGradient"/> away, with its ownership: the next step writes to another array.</summary>
    public double[] TakeColumnGradient()
    {
        var taken = ColumnGradient;
        ColumnGradient = [];
        return taken;
    }

    private static double SquaredNorm(ReadOnlySpan<double> values) => FactorKernel.Dot(values, values);

    private void Finish(ReferenceBatch batch, int first, int last, bool areColumnsFrozen)
    {
        double particles = _options.Particles;
        var count = batch.Rows.Length;
        (LogLik, LogPrior, Entropy) = (LogLik / particles, LogPrior / particles, Entropy / particles);
        if (RowGradient.Length < 2 * count * _options.Factors)
        {
            RowGradient = new double[2 * count * _options.Factors];
        }

        RowPriorGradient.AsSpan().Clear();
        ColumnPriorGradient.AsSpan().Clear();
        if (count > 0)
        {
            Entropy += batch.Scale * Rows.EntropyOfScales(0, count);
            Rows.Finish(0, count, _options.Particles, -batch.Scale / particles, RowGradient);
        }
        RowCount = count;
        if (areColumnsFrozen)
        {
            return;
        }

        RowTable.AddGradient(_countsOfRows, _sumsOfRows.Span, count * particles, -batch.Scale / particles, RowPriorGradient);
        Entropy += Columns.EntropyOfScales(first, last);
        if (ColumnGradient.Length == 0)
        {
            ColumnGradient = GC.AllocateUninitializedArray<double>(2 * _options.Columns * _options.Factors);
        }

        Columns.Finish(first, last, _options.Particles, -1 / particles, ColumnGradient);
        ColumnTable.AddGradient(_countsOfColumns, _sumsOfColumns.Span, (last - first) * particles, -1 / particles, ColumnPriorGradient);
    }

    private void DrawRows(ReferenceBatch batch, IReferenceNoise noise, int particle)
    {
        for (var n = 0; n < batch.Rows.Length; n++)
        {
            noise.Row(particle, batch.Data.FirstRow + batch.Rows[n], Rows.Width, Rows.Noise.Slice(n * Rows.Width, Rows.Width));
        }

        if (batch.Rows.Length > 0)
        {
            Rows.Draw();
        }
    }
}
