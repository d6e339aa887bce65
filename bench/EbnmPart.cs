using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;

namespace FitCluster.Bench;

/// <summary>
/// EBNM problems, heteroskedastic: fitting the prior and the posterior moments, against the recorded CPU seconds of ebnm.
/// </summary>
internal static class EbnmPart
{
    private const ulong Seed = 11;
    private const int Repeats = 9;

    // docs/design/reference-figures.md, section 1: CPU seconds of one ebnm() call.
    private static readonly (PriorFamily Family, int Count, double Peer)[] Cases =
    [
        (PriorFamily.PointNormal, 100_000, 0.112),
        (PriorFamily.PointLaplace, 100_000, 0.63),
        (PriorFamily.PointExponential, 100_000, 0.355),
        (PriorFamily.Normal, 100_000, 0.077),
        (PriorFamily.NormalScaleMixture, 100_000, 2.35),
        (PriorFamily.GeneralizedBinary, 100_000, 4.77),
        (PriorFamily.Npmle, 10_000, 1.84),
        (PriorFamily.UnimodalSymmetric, 10_000, 0.74),
        (PriorFamily.Unimodal, 10_000, 1.43),
    ];

    public static Table Run()
    {
        var table = new Table("ebnm", "normal-means problems against ebnm 1.1-42 (R)");
        foreach (var (name, count, peer) in Cases)
        {
            var family = EbnmFamilies.Get(name);
            var (x, s) = Problem(count, family.Traits.Sign != 0);
            var (mean, second) = (new double[count], new double[count]);
            var seconds = new List<double>();
            var (total, first) = (Clock.CpuSeconds, 0.0);
            for (var repeat = 0; repeat < Repeats && Clock.CpuSeconds - total < 5; repeat++)
            {
                var start = Clock.CpuSeconds;
                var fit = family.Fit(x, s, new EbnmOptions());
                family.Moments(fit.Prior, x, s, mean, second);
                seconds.Add(Clock.CpuSeconds - start);
                first = repeat == 0 ? seconds[0] : first;
            }

            var ours = Figures.Of(seconds);
            table.Add(new Line(
                $"{EbnmFamilies.Name(name)}, n = {count:N0}", $"{ours.MedianText} (least {ours.LeastText}, first {Figures.Text(first)})",
                FormattableString.Invariant($"{peer:0.###} s"), ours.Median / peer, 0.2));
        }

        table.Note($"CPU time of the whole process (collector and compiler included) for Fit + Moments, median of up to {Repeats}; " +
            "`first` is the first call, in which the code is compiled; `met` is judged by the median.");
        table.Note("the peer's figures are recorded ones (docs/design/reference-figures.md, section 1: one ebnm() call, one thread, " +
            "another machine): R is not installed here.");
        table.Note("data: s uniform on (0.5, 1.5); 30 % Laplace(2) effects (their absolute values for families with a sign), the rest 0.");
        return table;
    }

    private static (double[] X, double[] S) Problem(int count, bool isSigned)
    {
        var (x, s) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            var at = (ulong)i;
            s[i] = 0.5 + Philox.Uniform(Seed, 1, at);
            var sign = isSigned || Philox.Uniform(Seed, 2, at) < 0.5 ? 1 : -1;
            var effect = Philox.Uniform(Seed, 3, at) < 0.3 ? -2 * sign * double.Log(Philox.Uniform(Seed, 4, at)) : 0;
            x[i] = effect + (s[i] * Philox.Normal(Seed, 5, at));
        }

        return (x, s);
    }
}
