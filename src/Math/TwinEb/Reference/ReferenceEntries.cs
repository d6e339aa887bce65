using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The likelihood of a minibatch's entries in one draw of rows and columns. Scratch memory is kept between steps;
/// an instance is used by one step at a time.
/// </summary>
internal sealed class ReferenceEntries(TwinEbOptions options, ReferenceSide rows, ReferenceSide columns)
{
    private const double LeastRate = 1e-300;
    private readonly double[] _sumOfColumns = new double[rows.Width];
    private readonly double[] _sumOfRows = new double[rows.Width];
    private double[] _rates = [];
    private double[] _scaledRows = [];

    /// <summary>
    /// The log-likelihood of the batch's rows, not scaled; its derivatives by the values of rows (not scaled) and of columns (scaled)
    /// become <see cref="ReferenceSide.ByValue"/> of the two sides.
    /// </summary>
    public double LogLikelihood(ReferenceBatch batch, bool areColumnsFrozen)
    {
        var (block, logLik) = (batch.Data.Block, 0.0);
        var zerosAreObserved = options.Likelihood == TwinEbLikelihood.Poisson && block.Unstored == UnstoredEntries.Zero;
        ScaleRows(batch);
        rows.ByValue.Slice(0, batch.Rows.Length * rows.Width).Clear();
        if (zerosAreObserved)
        {
            Absent(batch, areColumnsFrozen);
        }
        else if (!areColumnsFrozen)
        {
            columns.ByValue.Slice(0, options.Columns * columns.Width).Clear();
        }

        for (var n = 0; n < batch.Rows.Length; n++)
        {
            var i = batch.Rows[n];
            var byRow = rows.ByValueOf(n);

            // So far the derivative is minus the columns that this row's rates are summed over.
            logLik += batch.RowConstants[i] + FactorKernel.Dot(rows.Value(n), byRow);
            logLik += Row(block.RowColumns(i), block.RowValues(i), n, byRow, zerosAreObserved ? 0 : 1, areColumnsFrozen);
        }

        return logLik;
    }

    private void ScaleRows(ReferenceBatch batch)
    {
        var width = rows.Width;
        if (_scaledRows.Length < batch.Rows.Length * width)
        {
            _scaledRows = new double[batch.Rows.Length * width];
        }

        for (var n = 0; n < batch.Rows.Length; n++)
        {
            var u = rows.Value(n);
            for (var l = 0; l < width; l++)
            {
                _scaledRows[(n * width) + l] = batch.Scale * u[l];
            }
        }
    }

    // The derivatives of minus the rates of all cells that are not held out: all of them, less the held-out ones.
    private void Absent(ReferenceBatch batch, bool areColumnsFrozen)
    {
        var width = rows.Width;
        columns.Sum(_sumOfColumns, options.Columns);
        rows.Sum(_sumOfRows, batch.Rows.Length);
        for (var l = 0; l < width; l++)
        {
            _sumOfRows[l] *= -batch.Scale;
        }

        for (var j = 0; j < options.Columns && !areColumnsFrozen; j++)
        {
            _sumOfRows.AsSpan().CopyTo(columns.ByValueOf(j));
        }

        for (var n = 0; n < batch.Rows.Length; n++)
        {
            var byRow = rows.ByValueOf(n);
            FactorKernel.AddScaled(-1, _sumOfColumns, byRow);
            ReferenceScatter.AddOnes(
                batch.Cells.RowColumns(batch.Rows[n]), columns.Statistics, columns.ValueOffset, _scaledRows.AsSpan(n * width, width), byRow,
                areColumnsFrozen ? [] : columns.ByValue);
        }
    }

    private double Row(
        ReadOnlySpan<int> cells, ReadOnlySpan<double> values, int row, Span<double> byRow, double ownRate, bool areColumnsFrozen)
    {
        if (_rates.Length < cells.Length + 4)
        {
            _rates = new double[(2 * cells.Length) + 4];
        }

        var rates = _rates.AsSpan(0, cells.Length);
        ReferenceScatter.Rates(cells, columns.Statistics, columns.ValueOffset, rows.Value(row), rates);
        var logLik = options.Likelihood == TwinEbLikelihood.Poisson ? Poisson(values, _rates, ownRate) : Gaussian(values, rates);

        // byRow += sum_c rate_c v_c, and the derivative of column c += rate_c u, scaled.
        ReferenceScatter.Add(
            cells, rates, columns.Statistics, columns.ValueOffset, _scaledRows.AsSpan(row * rows.Width, rows.Width), byRow,
            areColumnsFrozen ? [] : columns.ByValue);
        return logLik;
    }

    // sum of x log r - ownRate r; each rate becomes the derivative x / r - ownRate. Rates have room for a whole number of vectors.
    private static double Poisson(ReadOnlySpan<double> values, double[] rates, double ownRate)
    {
        var (least, own, sums) = (Vector256.Create(LeastRate), Vector256.Create(ownRate), Vector256<double>.Zero);
        Span<double> rest = stackalloc double[4];
        for (var c = 0; c < values.Length; c += 4)
        {
            scoped var x = values[c..];
            if (x.Length < 4)
            {
                // Entries of 0 at a rate of 1, whose own rate is put back below.
                rest.Clear();
                x.CopyTo(rest);
                rates.AsSpan(values.Length, 4 - x.Length).Fill(1);
                x = rest;
            }

            var (value, rate) = (Vector256.Create(x), Vector256.Max(Vector256.Create<double>(rates.AsSpan(c)), least));
            sums += (value * VectorLog.Of(rate)) - (own * rate);
            ((value / rate) - own).CopyTo(rates, c);
        }

        return Vector256.Sum(sums) + (ownRate * (-values.Length & 3));
    }

    // sum of log N(x; mean, noise sd squared); each mean becomes the derivative (x - mean) / noise sd squared.
    private double Gaussian(ReadOnlySpan<double> values, Span<double> means)
    {
        var precision = 1 / (options.NoiseSd * options.NoiseSd);
        var sum = 0.0;
        for (var c = 0; c < means.Length; c++)
        {
            var error = values[c] - means[c];
            sum += error * error;
            means[c] = error * precision;
        }

        return (-0.5 * precision * sum) - (means.Length * (NormalDistribution.LogRootTwoPi + double.Log(options.NoiseSd)));
    }
}
