using FitCluster.Data;

namespace FitCluster.Models.Reports;

/// <summary>How well the factors of a fit match the true ones: correlations in absolute value, true x fitted.</summary>
internal sealed record Recovery(double[,] Loadings, double[,] Factors, int[] Match)
{
    public static Recovery Of(DenseArray trueLoadings, DenseArray trueFactors, DenseArray loadings, DenseArray factors)
    {
        var (l, f) = (Correlations(trueLoadings, loadings), Correlations(trueFactors, factors));
        var match = Enumerable.Repeat(-1, trueLoadings.Columns).ToArray();
        var pairs = from t in Enumerable.Range(0, trueLoadings.Columns)
                    from k in Enumerable.Range(0, loadings.Columns)
                    orderby l[t, k] * f[t, k] descending, t, k
                    select (t, k);
        foreach (var (t, k) in pairs)
        {
            if (match[t] < 0 && !match.Contains(k))
            {
                match[t] = k;
            }
        }

        return new Recovery(l, f, match);
    }

    private static double[,] Correlations(DenseArray a, DenseArray b)
    {
        var result = new double[a.Columns, b.Columns];
        for (var s = 0; s < a.Columns; s++)
        {
            for (var t = 0; t < b.Columns; t++)
            {
                result[s, t] = double.Abs(Correlation(a, s, b, t));
            }
        }

        return result;
    }

    private static double Correlation(DenseArray a, int s, DenseArray b, int t)
    {
        double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
        for (var i = 0; i < a.Rows; i++)
        {
            var (x, y) = (a.Values[(i * a.Columns) + s], b.Values[(i * b.Columns) + t]);
            (sa, sb, saa, sbb, sab) = (sa + x, sb + y, saa + (x * x), sbb + (y * y), sab + (x * y));
        }

        var n = a.Rows;
        var spread = double.Sqrt((saa - (sa * sa / n)) * (sbb - (sb * sb / n)));
        return spread > 0 ? (sab - (sa * sb / n)) / spread : 0;
    }
}
