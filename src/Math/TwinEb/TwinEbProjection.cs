using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Parameters of new rows under the columns and the rows' prior of a finished fit of the default optimizer, both frozen: what a fit does
/// for its held-out rows, of all cells of a block. A row's result depends on its cells alone. Thread-safe.
/// </summary>
public sealed class TwinEbProjection
{
    private readonly TwinEbOptions _options;
    private readonly IConjugateLikelihood _likelihood;
    private readonly ArraySet _broadcast = new();

    /// <summary>Takes a fit's results.</summary>
    /// <param name="options">The options of the fit.</param>
    /// <param name="results">
    /// Of its results "columns_mean" [D x L]; Poisson: "columns_log_mean" [D x L], "row_prior_weight" [K], "row_prior_shape" and
    /// "row_prior_rate" [K x L], of the negative binomial also "columns_harmonic_mean" [D x L] and "dispersion";
    /// Gaussian: "columns_second" [D x L (L + 1) / 2], "row_prior_weight", "row_prior_mean" and "row_prior_sd".
    /// Components of weight 0 may have any parameters.
    /// </param>
    public TwinEbProjection(TwinEbOptions options, ArraySet results)
    {
        _options = options;
        var weights = results["row_prior_weight"];
        _broadcast.Set(ConjugateKeys.ColumnMeans, results["columns_mean"], [options.Columns, options.Factors]);
        if (options.Likelihood == TwinEbLikelihood.Gaussian)
        {
            _likelihood = new ConjugateGaussian(options);
            _broadcast.Set(
                ConjugateKeys.ColumnSeconds, results["columns_second"], [options.Columns, options.Factors * (options.Factors + 1) / 2]);
            var prior = new ConjugateNormalPrior(weights.Length, options.Factors);
            weights.CopyTo(prior.Weights, 0);
            results["row_prior_mean"].CopyTo(prior.Means, 0);
            results["row_prior_sd"].Select(s => s * s).ToArray().CopyTo(prior.Variances, 0);
            prior.Write(_broadcast, ConjugateKeys.RowPrior);
        }
        else
        {
            _likelihood = ConjugateLikelihoods.Of(options);
            _broadcast.Set(ConjugateKeys.ColumnLogs, results["columns_log_mean"], [options.Columns, options.Factors]);
            _broadcast.Set(ConjugateKeys.ColumnSpread, results.Contains("spread") ? results.Scalar("spread") : 1)
                .Set(ConjugateKeys.ColumnPower, results.Contains("temper") ? 1 / results.Scalar("temper") : 1);
            if (options.Likelihood == TwinEbLikelihood.NegativeBinomial)
            {
                _broadcast.Set(ConjugateKeys.ColumnHarmonics, results["columns_harmonic_mean"], [options.Columns, options.Factors])
                    .Set(ConjugateKeys.Dispersion, results.Scalar("dispersion"));
            }

            var prior = new ConjugateGammaPrior(weights.Length, options.Factors);
            weights.CopyTo(prior.Weights, 0);
            results["row_prior_shape"].CopyTo(prior.Shapes, 0);
            results["row_prior_rate"].CopyTo(prior.Rates, 0);
            prior.Write(_broadcast, ConjugateKeys.RowPrior);
        }
    }

    /// <summary>Fits the rows of a block.</summary>
    /// <returns>"rows_mean" and "rows_sd", rows x L each.</returns>
    public ArraySet Project(ShardData data)
    {
        var (rows, factors) = (data.Block.Rows, _options.Factors);
        int[] shape = [rows, factors];
        var shard = new ArraySet();
        _likelihood.NewRows(_broadcast, shard, rows);
        var (mean, sd) = (new double[rows * factors], new double[rows * factors]);
        ConjugateRowFits.FitRows(
            shard, _likelihood.RowFitter(data, _broadcast), new HeldOutCells(data), heldOut: false, areNew: true,
            ConjugateRowFits.ProjectionSteps(_options), mean, sd);
        data.Block.KeepAlive();
        return new ArraySet().Set("rows_mean", mean, shape).Set("rows_sd", sd, shape);
    }
}
