using FitCluster.Math.TwinEb;

namespace FitCluster.Models.TwinEb;

/// <summary>Posterior predictive moments of a fit's cells, on the scale of the data. Thread-safe.</summary>
internal sealed class TwinEbPredictor : ICellPredictor
{
    private readonly TwinEbFit _fit;
    private readonly int _factors;
    private readonly double[] _rows;
    private readonly double[] _columns;
    private readonly ColumnScale? _scale;
    private readonly double _dispersion;
    private readonly double[] _rowSd = [];
    private readonly double[] _columnSd = [];
    private readonly double[] _columnSecond = [];

    /// <summary>Reads what means need; what standard deviations need only where they are wanted.</summary>
    public TwinEbPredictor(TwinEbFit fit, bool withSd)
    {
        (_fit, _factors) = (fit, fit.Options.Factors);
        // Columns first: without them a fit that failed left nothing at all, which is more than that a row failed.
        (_columns, _rows, _scale) = (fit.Moments("columns_mean"), fit.Moments("rows_mean"), fit.Scale);
        if (!withSd)
        {
            return;
        }

        _dispersion = fit.Dispersion;
        (_rowSd, _columnSd) = (fit.Moments("rows_sd"), fit.Moments("columns_sd"));
        if (!fit.IsCounts && fit.Options.Optimizer == TwinEbOptimizer.Default)
        {
            _columnSecond = fit.Fit.ColumnArray("columns_second", _factors * (_factors + 1) / 2);
        }
    }

    /// <summary>The posterior predictive mean of a cell.</summary>
    public double Mean(int row, int column)
    {
        var mean = TwinEbPrediction.Mean(Of(_rows, row), Of(_columns, column));
        return _scale is null ? mean : _scale.Center[column] + (_scale.Scale[column] * mean);
    }

    /// <summary>The posterior predictive standard deviation of a cell, the noise of an entry included.</summary>
    public double Sd(int row, int column)
    {
        var u = Of(_rows, row);
        var v = Of(_columns, column);
        var width = _columnSecond.Length / _fit.Options.Columns;
        var variance = width > 0
            ? TwinEbPrediction.VarianceOfCorrelated(u, Of(_rowSd, row), v, _columnSecond.AsSpan(column * width, width))
            : TwinEbPrediction.Variance(u, Of(_rowSd, row), v, Of(_columnSd, column));
        if (_fit.IsCounts)
        {
            // Negative binomial: E r + Var r + E r^2 / a.
            var mean = TwinEbPrediction.Mean(u, v);
            variance += mean + (((mean * mean) + variance) / _dispersion);
        }
        else
        {
            variance += _fit.Options.NoiseSd * _fit.Options.NoiseSd;
        }

        return double.Sqrt(variance) * (_scale is null ? 1 : _scale.Scale[column]);
    }

    private ReadOnlySpan<double> Of(double[] values, int index) => values.AsSpan(index * _factors, _factors);
}
