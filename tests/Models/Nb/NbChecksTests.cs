using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Models.Nb;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

/// <summary>Predictive checks: moments against sums over the distribution, bands against replicates.</summary>
public sealed class NbChecksTests
{
    private static readonly (double Capture, int Dataset)[] Cells =
        [.. Enumerable.Range(0, 300).Select(i => (0.05 + (0.5 * Philox.Uniform(1, 0, (ulong)i)), i % 2))];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.3, 0)]
    [InlineData(0.2, 0.05)]
    public void Moments_are_those_of_the_distribution_summed_up(double gate, double omega)
    {
        var (draw, sums) = (Draw(gate, omega), Sums());
        var bins = Enumerable.Range(0, 2).Select(leaf => sums.Of(leaf).ToArray()).ToArray();
        var moments = NbMoments.Of(draw, 0, sums, bins);
        double[] raw = new double[5];
        var (zeros, conditional, zeroNoise) = (0.0, 0.0, 0.0);
        foreach (var (capture, dataset) in Cells)
        {
            var density = draw.Density(dataset, 0);
            var powers = new double[5];
            for (var u = 0; u < 3000; u++)
            {
                var chance = double.Exp(density.Log(u, capture));
                for (var j = 0; j < 5; j++)
                {
                    powers[j] += chance * double.Pow(u, j);
                }
            }

            var zero = double.Exp(density.Log(0, capture));
            (zeros, zeroNoise) = (zeros + zero, zeroNoise + (zero * (1 - zero)));
            conditional += powers[2] - (powers[1] * powers[1]);
            for (var j = 0; j < 5; j++)
            {
                raw[j] += powers[j] / Cells.Length;
            }
        }

        double n = Cells.Length;
        var variance = raw[2] - (raw[1] * raw[1]);
        var fourth = raw[4] - (4 * raw[3] * raw[1]) + (6 * raw[2] * raw[1] * raw[1]) - (3 * double.Pow(raw[1], 4));
        Assert.Equal(raw[1], moments.Mean, 1e-7 * raw[1]);
        Assert.Equal(variance, moments.Variance, 1e-6 * variance);
        Assert.Equal(double.Sqrt(conditional / n / n), moments.MeanNoise, 1e-6 * moments.MeanNoise);
        var noise = double.Sqrt((fourth - (variance * variance)) / n);
        Assert.Equal(noise, moments.VarianceNoise, (omega > 0 ? 1e-2 : 1e-6) * noise);

        // Captures are binned for zeros alone.
        Assert.Equal(zeros / n, moments.Zeros, 2e-4);
        Assert.Equal(double.Sqrt(zeroNoise) / n, moments.ZerosNoise, 2e-2 * moments.ZerosNoise);
    }

    [Fact]
    public void Of_a_heavy_tail_the_band_of_the_variance_has_no_end()
    {
        var sums = Sums();
        var bins = Enumerable.Range(0, 2).Select(leaf => sums.Of(leaf).ToArray()).ToArray();
        var moments = NbMoments.Of(Draw(0, 3), 0, sums, bins);
        Assert.True(double.IsFinite(moments.Variance) && !double.IsFinite(moments.VarianceNoise));
    }

    [Fact]
    public void Nine_in_ten_replicates_of_the_model_are_in_its_bands()
    {
        const int Genes = 300;
        var posterior = new Known(Genes);
        var draw = new NbDraw(2, Genes);
        posterior.Fill(1, 0, draw);
        var sums = Sums();
        var observed = new double[Genes * 3];
        for (var g = 0; g < Genes; g++)
        {
            double[] counts = [.. Cells.Select((cell, c) => Count(draw.Density(cell.Dataset, g), cell.Capture,
                Philox.Uniform(7, (ulong)g, (ulong)c)))];
            var mean = counts.Average();
            (observed[3 * g], observed[(3 * g) + 1], observed[(3 * g) + 2]) =
                (mean, counts.Average(u => (u - mean) * (u - mean)), counts.Average(u => u == 0 ? 1.0 : 0));
        }

        var table = NbChecks.Of(observed, posterior, sums, Genes, seed: 3);
        for (var what = 0; what < 3; what++)
        {
            var inside = Enumerable.Range(0, Genes).Select(g => (g * 9) + (3 * what))
                .Count(at => table[at] >= table[at + 1] && table[at] <= table[at + 2]);
            Assert.InRange(inside, 0.83 * Genes, 0.97 * Genes);
        }

        // A model of half the means is out of its bands.
        var wrong = NbChecks.Of([.. observed.Select((value, at) => at % 3 == 0 ? 2 * value : value)], posterior, sums, Genes, seed: 3);
        Assert.True(Enumerable.Range(0, Genes).Count(g => wrong[g * 9] > wrong[(g * 9) + 2]) > 0.9 * Genes);
    }

    private static double Count(NbDensity density, double capture, double uniform)
    {
        var u = 0;
        for (var sum = double.Exp(density.Log(0, capture)); sum < uniform && u < 2000; sum += double.Exp(density.Log(u, capture)))
        {
            u++;
        }

        return u;
    }

    private static NbCellSums Sums()
    {
        var sums = new NbCellSums(1, 2);
        foreach (var (capture, dataset) in Cells)
        {
            sums.Add(capture, [], dataset);
        }

        return sums;
    }

    private static NbDraw Draw(double gate, double omega)
    {
        var draw = new NbDraw(2, 1);
        (draw.Mean[0], draw.Mean[1], draw.Dispersion[0], draw.Dispersion[1]) = (6, 9, 3, 4);
        draw.Gate.AsSpan().Fill(gate);
        draw.Omega.AsSpan().Fill(omega);
        return draw;
    }

    // Parameters that are known.
    private sealed class Known(int genes) : INbDraws
    {
        public void Fill(ulong seed, int number, NbDraw draw)
        {
            for (var at = 0; at < 2 * genes; at++)
            {
                draw.Mean[at] = 2 + (at % genes % 17);
                draw.Dispersion[at] = 0.5 * draw.Mean[at];
            }
        }

        public void FillMiddle(NbDraw draw) => Fill(0, 0, draw);
    }
}
