namespace FitCluster.Math.Ebnm;

/// <summary>
/// The grid of standard deviations of a scale mixture of normals: sigma_k = s sqrt(m^k - 1), k = 0 ... K-1, where s is the least standard
/// error and the ratio m of neighbouring marginal variances is the one at which <see cref="GridCriterion.Normal"/> is 1/n.
/// </summary>
internal static class ScaleGrid
{
    private const int Least = 3;
    private const int Most = 300;
    private const double Farthest = 1e300;
    private const double FirstExcess = 0.025;
    private const double ExcessRange = 120;

    /// <summary>The criterion at m = 1 + 0.025 120^(j/40), j = 0 ... 40 (from m = 1.025 to m = 4).</summary>
    internal static readonly double[] Divergences =
    [
        4.353082690221913E-09, 6.9810396161916246E-09, 1.1186224168226802E-08, 1.7907723591496466E-08, 2.8637674940905946E-08,
        4.574206126511502E-08, 7.296364762718635E-08, 1.1620733255914961E-07, 1.8476091758278616E-07, 2.931828159500231E-07,
        4.642036630538785E-07, 7.331559676645165E-07, 1.1546837133631832E-06, 1.8128147523004737E-06, 2.835927509290147E-06,
        4.418732537839235E-06, 6.8541321118710856E-06, 1.0578709575838966E-05, 1.6236589768264026E-05, 2.4767401435335472E-05,
        3.752488713183797E-05, 5.643308779381992E-05, 8.418664774237723E-05, 0.0001245002792412869, 0.00018240947608205162,
        0.00026462000619294505, 0.00037989764440032056, 0.0005394824860491655, 0.000757504847495723, 0.0010513733488641402,
        0.0014421015426011239, 0.0019545385092449045, 0.002617471884491893, 0.0034635788822223296, 0.004529211412394923,
        0.0058540141240972215, 0.00748038750928892, 0.009452820381182104, 0.011817125624359303, 0.014619619106587907,
        0.017906283643523226,
    ];

    /// <summary>m of table entry j.</summary>
    internal static double TableRatio(int j) => 1 + (FirstExcess * double.Pow(ExcessRange, j / (Divergences.Length - 1.0)));

    /// <summary>m for n observations: log(m - 1) interpolated in log KL (error below 1e-5), 1.025 to 4.</summary>
    public static double Ratio(double n)
    {
        var target = -double.Log(n);
        if (target >= double.Log(Divergences[^1]))
        {
            return TableRatio(Divergences.Length - 1);
        }

        var j = 1;
        while (j < Divergences.Length - 1 && double.Log(Divergences[j]) < target)
        {
            j++;
        }

        var below = double.Log(Divergences[j - 1]);
        var t = double.Max((target - below) / (double.Log(Divergences[j]) - below), 0);
        return 1 + (FirstExcess * double.Pow(ExcessRange, (j - 1 + t) / (Divergences.Length - 1.0)));
    }

    /// <summary>
    /// The grid for n observations with least standard error s, |x - mode| up to <paramref name="range"/>; begins with 0; 3 to 300 points.
    /// </summary>
    public static double[] Points(double n, double s, double range)
    {
        // All in logarithms: the range may be any multiple of s.
        var logM = double.Log(Ratio(n));
        var z = double.Max(1, double.Min(range / s, Farthest));
        var logSpan = z < 1e9 ? double.Log((z * z) + 1) : 2 * double.Log(z);
        var wanted = double.Ceiling(logSpan / logM) + 1;
        var count = (int)double.Clamp(wanted, Least, Most);
        if (wanted <= Least || wanted > Most)
        {
            // A grid as short or as long as allowed ends where the observations do.
            logM = logSpan / (count - 1);
        }

        var grid = new double[count];
        for (var k = 1; k < count; k++)
        {
            var log = k * logM;
            grid[k] = log < 40 ? s * double.Sqrt(double.ExpM1(log)) : s * double.Exp(0.5 * log);
        }

        return grid;
    }
}
