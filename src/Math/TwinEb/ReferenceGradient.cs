using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// One estimate of the ELBO and its gradient on one shard's rows of a minibatch,
/// <c>mean over particles of scale [sum_i log p(x_i | u_i, V) + log p(u_i) - log q(u_i)] + sum_j [log p(v_j) - log q(v_j)]</c>, scale = rows / batch. The terms
/// of the columns' prior and entropy are divided over shards: each takes the columns [first, last) it is given.
/// <para>
/// Cost of a step, per particle, in fused products, n = non-zeros, h = held-out cells of the batch's rows, B rows, W = L rounded up to 4: densities
/// 3 (D K_c + B K_r) 2 W and an exp for each (column or row, component); entries 3 n W; rates over all cells (sum of u) . (sum of v), less held-out cells
/// 2 h W; about 30 D W elementary operations for draws, chain rule and Adam. At ML-100K size (D = 1,682, L = 15, K_r = 70, K_c = 100, B = 128):
/// 17.7 million for densities, 0.5 million for 11,000 entries, 1.2 million for held-out cells: 19.4 million products and 178,000 exps; a core that
/// issues 8 a cycle at 3 GHz needs 0.8 ms for the products. (The published code: B D L for the rates, and K L scalar densities for each row and column.)
/// </para>
/// Scratch memory is kept between steps; an instance is used by one step at a time.
/// </summary>
internal sealed class ReferenceGradient
{
    private const double LeastRate = 1e-300;
    private readonly TwinEbOptions _options;
    private readonly double[] _sumOfColumns;
    private readonly double[] _sumOfRows;
    private readonly double[] _scaledRow;
    private readonly double[] _countsOfRows;
    private readonly double[] _sumsOfRows;
    private readonly double[] _countsOfColumns;
    private readonly double[] _sumsOfColumns;
    private readonly double[] _responsibilities;
    private double[] _rates = [];
    private int[] _columns = [];

    public ReferenceGradient(TwinEbOptions options)
    {
        _options = options;
        RowPrior = ReferencePrior.OfRows(options);
        ColumnPrior = ReferencePrior.OfColumns(options);
        RowTable = new ReferencePriorTable(RowPrior);
        ColumnTable = new ReferencePriorTable(ColumnPrior);
        Rows = new ReferenceSide(options.Factors, options.Likelihood);
        Columns = new ReferenceSide(options.Factors, options.Likelihood);
        (_sumOfColumns, _sumOfRows, _scaledRow) = (new double[Rows.Width], new double[Rows.Width], new double[Rows.Width]);
        var statistics = 2 * Rows.Width;
        (_countsOfRows, _sumsOfRows) = (new double[RowTable.PaddedComponents], new double[RowTable.PaddedComponents * statistics]);
        (_countsOfColumns, _sumsOfColumns) = (new double[ColumnTable.PaddedComponents], new double[ColumnTable.PaddedComponents * statistics]);
        _responsibilities = new double[ReferenceMixture.Block * int.Max(RowTable.PaddedComponents, ColumnTable.PaddedComponents)];
        ColumnGradient = new double[2 * options.Columns * options.Factors];
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
    public double[] ColumnGradient { get; }

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
        _sumsOfRows.AsSpan().Clear();
        _countsOfColumns.AsSpan().Clear();
        _sumsOfColumns.AsSpan().Clear();
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
            LogLik += batch.Scale * Entries(batch, areColumnsFrozen);
            if (rows.Length > 0)
            {
                LogPrior += batch.Scale * ReferenceMixture.Evaluate(
                    RowTable, Rows.Statistics, rows.Length, Rows.Expected, _countsOfRows, _sumsOfRows, _responsibilities);
                Entropy += batch.Scale * Rows.EntropyOfDraw(0, rows.Length);
                Rows.AddDraw(0, rows.Length);
            }

            if (last > first)
            {
                var at = first * 2 * Columns.Width;
                LogPrior += ReferenceMixture.Evaluate(
                    ColumnTable, Columns.Statistics.AsSpan(at), last - first, Columns.Expected.AsSpan(at), _countsOfColumns, _sumsOfColumns, _responsibilities);
                Entropy += Columns.EntropyOfDraw(first, last);
            }

            if (!areColumnsFrozen)
            {
                Columns.AddDraw(first, last);
            }
        }

        Finish(batch, first, last, areColumnsFrozen);
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

        RowTable.AddGradient(_countsOfRows, _sumsOfRows, count * particles, -batch.Scale / particles, RowPriorGradient);
        Entropy += Columns.EntropyOfScales(first, last);
        Columns.Finish(first, last, _options.Particles, -1 / particles, ColumnGradient);
        ColumnTable.AddGradient(_countsOfColumns, _sumsOfColumns, (last - first) * particles, -1 / particles, ColumnPriorGradient);
    }

    private void DrawRows(ReferenceBatch batch, IReferenceNoise noise, int particle)
    {
        for (var n = 0; n < batch.Rows.Length; n++)
        {
            noise.Row(particle, batch.Data.FirstRow + batch.Rows[n], Rows.Width, Rows.Noise.AsSpan(n * Rows.Width, Rows.Width));
        }

        if (batch.Rows.Length > 0)
        {
            Rows.Draw();
        }
    }

    // The log-likelihood of the batch's rows in this draw, not scaled, and its derivatives by the values of rows (not scaled) and columns (scaled).
    private double Entries(ReferenceBatch batch, bool areColumnsFrozen)
    {
        var (block, logLik) = (batch.Data.Block, 0.0);
        var zerosAreObserved = _options.Likelihood == TwinEbLikelihood.Poisson && block.Unstored == UnstoredEntries.Zero;
        _sumOfColumns.AsSpan().Clear();
        _sumOfRows.AsSpan().Clear();
        if (zerosAreObserved)
        {
            Columns.Sum(_sumOfColumns, _options.Columns);
            Rows.Sum(_sumOfRows, batch.Rows.Length);
        }

        if (!areColumnsFrozen)
        {
            for (var j = 0; j < _options.Columns; j++)
            {
                var target = Columns.ByValueOf(j);
                for (var l = 0; l < target.Length; l++)
                {
                    target[l] = -batch.Scale * _sumOfRows[l];
                }
            }
        }

        for (var n = 0; n < batch.Rows.Length; n++)
        {
            var i = batch.Rows[n];
            ReadOnlySpan<double> u = Rows.Value(n);
            var byRow = Rows.ByValueOf(n);
            byRow.Clear();
            for (var l = 0; l < u.Length; l++)
            {
                _scaledRow[l] = batch.Scale * u[l];
            }

            logLik += batch.RowConstants[i];
            if (zerosAreObserved)
            {
                FactorKernel.AddScaled(-1, _sumOfColumns, byRow);
                var heldOut = batch.Cells.RowColumns(i);
                Reserve(heldOut.Length);
                for (var c = 0; c < heldOut.Length; c++)
                {
                    (_columns[c], _rates[c]) = ((int)heldOut[c], 1);
                }

                Scatter(_columns.AsSpan(0, heldOut.Length), byRow, areColumnsFrozen);

                // So far the derivative is minus the columns that this row's rates are summed over.
                logLik += FactorKernel.Dot(u, byRow);
            }

            logLik += Row(block.RowColumns(i), block.RowValues(i), u, byRow, zerosAreObserved ? 0 : 1, areColumnsFrozen);
        }

        return logLik;
    }

    private double Row(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, ReadOnlySpan<double> u, Span<double> byRow, double ownRate, bool areColumnsFrozen)
    {
        Reserve(columns.Length);
        var rates = _rates.AsSpan(0, columns.Length);
        for (var c = 0; c < columns.Length; c++)
        {
            rates[c] = FactorKernel.Dot(u, Columns.Value(columns[c]));
        }

        var logLik = _options.Likelihood == TwinEbLikelihood.Poisson ? Poisson(values, rates, ownRate) : Gaussian(values, rates);
        Scatter(columns, byRow, areColumnsFrozen);
        return logLik;
    }

    // byRow += sum_c rate_c v_c, and the derivative of column c += rate_c u, scaled.
    private void Scatter(ReadOnlySpan<int> columns, Span<double> byRow, bool areColumnsFrozen) => ReferenceScatter.Add(
        columns, _rates, Columns.Statistics, Columns.ValueOffset, _scaledRow, byRow, areColumnsFrozen ? [] : Columns.ByValue);

    private void Reserve(int cells)
    {
        if (_rates.Length < cells)
        {
            _rates = new double[2 * cells];
            _columns = new int[2 * cells];
        }
    }

    // sum of x log r - ownRate r; each rate becomes the derivative x / r - ownRate.
    private static double Poisson(ReadOnlySpan<double> values, Span<double> rates, double ownRate)
    {
        var least = Vector512.Create(LeastRate);
        var own = Vector512.Create(ownRate);
        var sums = Vector512<double>.Zero;
        for (var c = 0; c < rates.Length; c += VectorNormal.Lanes)
        {
            var x = VectorNormal.Load(values, c, 0);
            var rate = Vector512.Max(VectorNormal.Load(rates, c, 1), least);
            var isRemainder = c + VectorNormal.Lanes > rates.Length;
            sums += (x * Vector512.Log(rate)) - (own * (isRemainder ? VectorNormal.Load(rates, c, 0) : rate));
            VectorNormal.Store((x / rate) - own, rates, c);
        }

        return Vector512.Sum(sums);
    }

    // sum of log N(x; mean, noise sd squared); each mean becomes the derivative (x - mean) / noise sd squared.
    private double Gaussian(ReadOnlySpan<double> values, Span<double> means)
    {
        var precision = 1 / (_options.NoiseSd * _options.NoiseSd);
        var sum = 0.0;
        for (var c = 0; c < means.Length; c++)
        {
            var error = values[c] - means[c];
            sum += error * error;
            means[c] = error * precision;
        }

        return (-0.5 * precision * sum) - (means.Length * (NormalDistribution.LogRootTwoPi + double.Log(_options.NoiseSd)));
    }
}
