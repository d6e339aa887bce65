using FitCluster.Math.Ebmf;

namespace FitCluster.Models.Ebmf;

/// <summary>Posterior predictive moments of a fit's cells, on the scale of the data after their transformation. Thread-safe.</summary>
internal sealed class EbmfPredictor : ICellPredictor
{
    private readonly EbmfFit _fit;
    private readonly int _factors;
    private readonly double[] _loadings;
    private readonly double[] _columns;
    private readonly double[] _loadingsSd = [];
    private readonly double[] _columnsSd = [];
    private readonly EbmfResidual? _residual;

    /// <summary>Reads what means need; what standard deviations need only where they are wanted.</summary>
    public EbmfPredictor(EbmfFit fit, bool withSd)
    {
        (_fit, _factors) = (fit, fit.Factors);
        (_loadings, _columns) = (fit.Moments("loadings_mean"), fit.Moments("factors_mean"));
        if (withSd)
        {
            (_loadingsSd, _columnsSd) = (fit.Moments("loadings_sd"), fit.Moments("factors_sd"));
            _residual = new EbmfResidual(fit.Options, fit.ResidualOfRows(), fit.ResidualOfColumns());
        }
    }

    /// <inheritdoc/>
    public double Mean(int row, int column) => EbmfPrediction.Mean(Of(_loadings, row), Of(_columns, column));

    /// <inheritdoc/>
    /// <exception cref="ProblemException">The cell's own standard error should be known, and is not.</exception>
    public double Sd(int row, int column)
    {
        // What the standard errors say nothing of, nothing is known of.
        if (_fit.Errors.Uninformed > 0 && double.IsPositiveInfinity(ErrorOf(row, column)))
        {
            return double.PositiveInfinity;
        }

        var known = _residual!.NeedsKnownError ? KnownError(row, column) : 0;
        return EbmfPrediction.Sd(
            Of(_loadings, row), Of(_loadingsSd, row), Of(_columns, column), Of(_columnsSd, column), _residual.Variance(row, column, known));
    }

    /// <inheritdoc/>
    public bool HasSd(int row, int column) =>
        !(_residual!.NeedsKnownError || _fit.Errors.Uninformed > 0) || double.IsFinite(ErrorOf(row, column));

    private double ErrorOf(int row, int column) => _fit.Errors.Kind switch
    {
        KnownErrors.Row => _fit.Errors.Values[row],
        KnownErrors.Column => _fit.Errors.Values[column],
        _ => _fit.Errors.OfCell(row, column),
    };

    private double KnownError(int row, int column)
    {
        var error = ErrorOf(row, column);
        return !double.IsNaN(error) ? error
            : throw ProblemException.BadInput(
                $"the standard errors '{_fit.Fit.Spec.Section.Get(EbmfFields.StandardErrors)!.Path}' have none above 0 for " +
                $"row '{_fit.Fit.Rows.Names[row]}', column '{_fit.Fit.Columns.Names[column]}', so that its standard deviation is " +
                "not known: leave that cell out, or give it one");
    }

    private ReadOnlySpan<double> Of(double[] values, int index) => values.AsSpan(index * _factors, _factors);
}
