using System.Globalization;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The grid of half-widths a_k of a mixture of uniforms, in units of the least standard error: a_0 = 0, and each next is the one at which
/// <see cref="GridCriterion.Uniform"/> is 1/n. Computed once for KL = 10^-2, 10^-2.25, ... 10^-8 (UniformGrid.txt, a table a line;
/// up to 299 points or 1000 s) and interpolated linearly in log KL.
/// </summary>
internal static class UniformGrid
{
    private const int Least = 4;
    private const int Most = 300;
    private const double Farthest = 1e300;
    private const double FirstLogKl = -2;
    private const double LogKlStep = 0.25;
    private static readonly Lazy<double[][]> LazyTables = new(Read);

    /// <summary>The tables, from the coarsest to the finest; without the leading 0.</summary>
    internal static double[][] Tables => LazyTables.Value;

    /// <summary>log10 KL of table j.</summary>
    internal static double LogKl(int j) => FirstLogKl - (j * LogKlStep);

    /// <summary>
    /// The grid for n observations with least standard error s, |x - mode| up to <paramref name="range"/>: begins with 0 and ends with the
    /// first point at or above the range. Finer where fewer than 4 points would do, coarser where 300 would not.
    /// </summary>
    public static double[] Points(double n, double s, double range)
    {
        var most = double.Min(range / s, Farthest);
        var logKl = -double.Log10(double.Max(n, 1));
        var last = LogKl(Tables.Length - 1);
        logKl = double.Clamp(logKl, last, FirstLogKl);
        var grid = At(logKl, most);
        if (grid.Count < Least)
        {
            var j = 0;
            while (j < Tables.Length - 1 && (LogKl(j) >= logKl || grid.Count < Least))
            {
                j++;
                grid = LogKl(j) < logKl ? At(LogKl(j), most) : grid;
            }
        }
        else if (grid.Count > Most)
        {
            for (var j = Tables.Length - 1; j >= 0 && grid.Count > Most; j--)
            {
                grid = LogKl(j) > logKl ? At(LogKl(j), most) : grid;
            }
        }

        double[] points = [.. grid.Select(a => a * s)];

        // A rounding below the range may be a great many s.
        points[^1] = most < Farthest ? double.Max(points[^1], range) : points[^1];
        return points;
    }

    private static List<double> At(double logKl, double most)
    {
        var position = (FirstLogKl - logKl) / LogKlStep;
        var j = int.Min((int)position, Tables.Length - 2);
        var t = position - j;
        var grid = new List<double> { 0 };
        var (coarse, fine) = (Tables[j], Tables[j + 1]);
        for (var k = 0; grid[^1] < most && grid.Count <= Most &&
            k < (t == 0 ? coarse.Length : t == 1 ? fine.Length : int.Min(coarse.Length, fine.Length)); k++)
        {
            grid.Add(t == 0 ? coarse[k] : t == 1 ? fine[k] : ((1 - t) * coarse[k]) + (t * fine[k]));
        }

        // Past the table (1000 standard errors): doubling; by the coarsest table, in steps as large as 300 points must have.
        var ratio = j == 0 && t == 0 && grid.Count < Most ? double.Max(2, double.Pow(most / grid[^1], 1.0 / (Most - grid.Count))) : 2;
        while (grid[^1] < most && grid.Count < Most)
        {
            grid.Add(ratio * grid[^1]);
        }

        if (grid[^1] < most)
        {
            grid.Add(most);
        }

        return grid;
    }

    private static double[][] Read()
    {
        using var stream = typeof(UniformGrid).Assembly.GetManifestResourceStream("FitCluster.Math.Ebnm.UniformGrid.txt")
            ??
            throw new InvalidOperationException("the resource UniformGrid.txt is missing from FitCluster.Math.dll; build src/Math again");
        using var reader = new StreamReader(stream);
        return
        [
            .. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
                line.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray()),
        ];
    }
}
