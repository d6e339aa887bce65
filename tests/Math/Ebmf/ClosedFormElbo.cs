using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>The ELBO of a fit with normal priors, from its results and the model alone: no term cancels.</summary>
internal static class ClosedFormElbo
{
    public static double Of(SequentialFit fit, double[][] y, VarianceStructure variance, double[][]? errors)
    {
        var (l, lSd, f, fSd) =
            (fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"), fit.Result["factors_mean"], fit.Result["factors_sd"]);
        var rowSd = fit.ShardResults[0].Contains("residual_sd") ? fit.Loadings("residual_sd") : null;
        var otherSd = fit.Result.Contains("residual_sd") ? fit.Result["residual_sd"] : [errors is null ? 1 : 0];
        var elbo = 0.0;
        for (var k = 0; k < fit.K; k++)
        {
            elbo += Divergence(l, lSd, fit, "loadingsPrior", k) + Divergence(f, fSd, fit, "factorsPrior", k);
        }

        for (var i = 0; i < y.Length; i++)
        {
            for (var j = 0; j < y[i].Length; j++)
            {
                if (double.IsNaN(y[i][j]))
                {
                    continue;
                }

                var (residual, spread) = (y[i][j], 0.0);
                for (var k = 0; k < fit.K; k++)
                {
                    var (a, b) = ((i * fit.K) + k, (j * fit.K) + k);
                    var (vl, vf) = (lSd[a] * lSd[a], fSd[b] * fSd[b]);
                    residual -= l[a] * f[b];
                    spread += (l[a] * l[a] * vf) + (vl * ((f[b] * f[b]) + vf));
                }

                var column = otherSd.Length == 1 ? otherSd[0] : otherSd[j];
                var sd2 = errors is null ? (rowSd?[i] ?? 1) * (rowSd?[i] ?? 1) * column * column
                    : (errors[i][j] * errors[i][j]) + (variance == VarianceStructure.Row ? rowSd![i] * rowSd[i] : column * column);
                elbo -= 0.5 * (double.Log(2 * double.Pi * sd2) + (((residual * residual) + spread) / sd2));
            }
        }

        return elbo;
    }

    private static double Divergence(double[] mean, double[] sd, SequentialFit fit, string prior, int k)
    {
        var scale = PriorCodec.Decode(fit.Result[$"{prior}.{k}"]).Components[0].Scale;
        var sum = 0.0;
        for (var i = k; i < mean.Length; i += fit.K)
        {
            var ratio = sd[i] / scale * (sd[i] / scale);
            sum -= 0.5 * (ratio + (mean[i] / scale * (mean[i] / scale)) - 1 - double.Log(ratio));
        }

        return sum;
    }
}
