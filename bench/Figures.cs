namespace FitCluster.Bench;

/// <summary>Repeated timings of one thing, in seconds.</summary>
internal readonly record struct Figures(double Median, double Least)
{
    public string MedianText => Text(Median);

    public string LeastText => Text(Least);

    public static Figures Of(List<double> seconds)
    {
        var sorted = seconds.Order().ToArray();
        return new Figures(sorted[sorted.Length / 2], sorted[0]);
    }

    public static string Text(double seconds) =>
        seconds < 1 ? FormattableString.Invariant($"{1000 * seconds:F2} ms") : FormattableString.Invariant($"{seconds:F2} s");
}
