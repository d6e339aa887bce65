using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>A start from a fit: options and extras as a caller makes them of its results.</summary>
internal static class FromFit
{
    /// <summary>Rows beyond the fit's are new ones.</summary>
    public static (EbmfOptions Options, Func<int, int, ArraySet> Extras) Of(
        SequentialFit fit, EbmfOptions options, bool withPriors = true, bool withSd = true)
    {
        var k = fit.K;
        var (mean, sd) = (fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"));
        double[] Slice(double[] all, int first, int last) =>
            [.. Enumerable.Range(first * k, (last - first) * k).Select(i => i < all.Length ? all[i] : double.NaN)];
        Prior[] Priors(string name) =>
            withPriors ? [.. Enumerable.Range(0, k).Select(t => PriorCodec.Decode(fit.Result[$"{name}.{t}"]))] : [];
        var start = options with
        {
            Init = EbmfInit.Fit,
            InitialFactorCount = k,
            InitialFactors = fit.Result["factors_mean"],
            InitialFactorsSd = withSd ? fit.Result["factors_sd"] : [],
            InitialLoadingsPriors = Priors("loadingsPrior"),
            InitialFactorsPriors = Priors("factorsPrior"),
        };
        return (start, (first, last) =>
        {
            var extras = new ArraySet().Set("initialLoadings", Slice(mean, first, last), [last - first, k]);
            return withSd ? extras.Set("initialLoadingsSd", Slice(sd, first, last), [last - first, k]) : extras;
        }
        );
    }

    public static SequentialFit Run(
        SequentialFit fit, EbmfOptions options, double[][] y, int shards = 3, bool withPriors = true, bool withSd = true)
    {
        var (start, extras) = Of(fit, options, withPriors, withSd);
        return SequentialFit.Run(start, SequentialFit.Shards(y, shards, extras: extras));
    }
}
