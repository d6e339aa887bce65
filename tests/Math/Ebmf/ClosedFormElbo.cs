using FitCluster.Math.Ebmf;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>The ELBO's data term, from a fit's results and the model alone: no term cancels.</summary>
internal static class ClosedFormElbo
{
    public static double DataTerm(SequentialFit fit, double[][] y, VarianceStructure variance, double[][]? errors)
    {
        var (l, lSd, f, fSd) =
            (fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"), fit.Result["factors_mean"], fit.Result["factors_sd"]);
        var rowSd = fit.ShardResults[0].Contains("residual_sd") ? fit.Loadings("residual_sd") : null;
        var otherSd = fit.Result.Contains("residual_sd") ? fit.Result["residual_sd"] : [errors is null ? 1 : 0];
        var elbo = 0.0;
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
                var both = (rowSd?[i] ?? 1) * column;
                var sd2 = errors is null ? both * both
                    : (errors[i][j] * errors[i][j]) + (variance == VarianceStructure.Row ? rowSd![i] * rowSd[i] : column * column);
                elbo -= 0.5 * (double.Log(2 * double.Pi * sd2) + (((residual * residual) + spread) / sd2));
            }
        }

        return elbo;
    }
}
