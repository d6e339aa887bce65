using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

/// <summary>Against values computed with 50 and more digits, and the vector kernels against their scalar twins.</summary>
public class NormalDistributionTests
{
    [Theory]
    [InlineData(-37.0, 5.7255712225245768e-300, -689.03058557689059, double.PositiveInfinity)]
    [InlineData(-20.0, 2.7536241186062337e-89, -203.91715537109726, double.PositiveInfinity)]
    [InlineData(-8.5, 9.4795348222033184e-18, -39.197396428217669, 4.7731635244483683e+31)]
    [InlineData(-3.0, 0.0013498980316300945, -6.6077262215103495, 16205.988853999587)]
    [InlineData(-1.0, 0.15865525393145705, -1.8410216450092635, 5.0089800807622835)]
    [InlineData(-0.1, 0.46017216272297102, -0.77615459273027333, 1.1236433541992095)]
    [InlineData(0.0, 0.5, -0.69314718055994531, 1.0)]
    [InlineData(0.3, 0.61791142218895263, -0.48141016158848121, 0.73459933456765515)]
    [InlineData(2.0, 0.97724986805182079, -0.023012909328963488, 0.25539567631050574)]
    [InlineData(7.0, 0.99999999999872019, -1.279812543886654e-12, 0.079800054329152933)]
    [InlineData(20.0, 1.0, 0.0, 0.028174348741051319)]
    public void Phi_its_logarithm_and_erfcx_are_accurate_in_both_tails(double z, double cdf, double logCdf, double erfcx)
    {
        Close(cdf, NormalDistribution.Cdf(z), 4e-15);
        if (logCdf != 0)
        {
            Close(logCdf, NormalDistribution.LogCdf(z), 4e-15);
        }

        if (double.IsFinite(erfcx))
        {
            Close(erfcx, NormalDistribution.Erfcx(z), 4e-15);
        }

        if (z > -30 && z < 5)
        {
            Assert.Equal(z, NormalDistribution.Quantile(cdf), 1e-9);
        }

        if (logCdf < -1)
        {
            Close(z, NormalDistribution.QuantileOfLog(logCdf), 1e-9);
        }
    }

    [Theory]
    [InlineData(-1000.0, 0, -500007.82669481218)]
    [InlineData(-100.0, 0, -5005.5242086942051)]
    public void The_logarithm_goes_on_where_Phi_underflows(double z, double cdf, double logCdf)
    {
        Assert.Equal(cdf, NormalDistribution.Cdf(z));
        Close(logCdf, NormalDistribution.LogCdf(z), 4e-15);
        Close(z, NormalDistribution.QuantileOfLog(logCdf), 1e-12);
    }

    [Theory]
    [InlineData(-1000.0, 2.5066282746310005, 2506.6282746310005, 2506630.7812592751)]
    [InlineData(-30.0, 2.5066282746310005, 75.198848238930015, 2258.4720754425315)]
    [InlineData(-2.0, 2.4496021506381085, 5.0345395845128296, 12.518681319663768)]
    [InlineData(-0.01, 1.2633139706513336, 1.0125831409564925, 1.2734398020608985)]
    [InlineData(0.0, 1.2533141373155003, 1.0, 1.2533141373155003)]
    [InlineData(0.5, 0.87636445645369235, 0.56181777177315383, 0.59545557056711543)]
    [InlineData(3.0, 0.3045902987101033, 0.086229103869690113, 0.045902987101032957)]
    [InlineData(12.0, 0.082766286501369177, 0.006804561983569873, 0.0011115426985307016)]
    [InlineData(100.0, 0.0099990002998501049, 9.997001498950944e-5, 1.9988008991609438e-6)]
    [InlineData(1.0e+6, 9.99999999999e-7, 9.99999999997e-13, 1.999999999988e-18)]
    public void Mills_integrals_are_accurate_everywhere(double y, double j0, double j1, double j2)
    {
        var scaled = MillsRatio.Scaled(y);
        Close(j0, scaled.J0, 4e-15);
        Close(j1, scaled.J1, 4e-15);
        Close(j2, scaled.J2, 4e-15);
    }

    [Theory]
    [InlineData(-1.0, 2.0, -0.20016629432446258, 0.22963717909132897, 0.57249577323255703)]
    [InlineData(3.0, 3.001, -12.328193603728616, 3.0004997499583791, 9.0029988328335887)]
    [InlineData(30.0, 31.0, -454.32124395634325, 30.033259667433622, 901.99779002300696)]
    [InlineData(30.0, 30.0001, -460.13077853184863, 30.000049974999962, 900.00299850332855)]
    [InlineData(-8.0, -7.0, -27.384793700719941, -7.137067160546622, 50.955520539077567)]
    [InlineData(-0.3, 0.3, -1.4446744152580375, 0.0, 0.029641551988021669)]
    [InlineData(-50.0, -40.0, -804.60844201375379, -40.024968847207264, 1601.9987538882905)]
    [InlineData(5.0, 60.0, -15.064998393988726, 5.1865039671258421, 26.932519835629211)]
    [InlineData(-40.0, 1.0, -0.17275377902344989, -0.28759997093917836, 0.71240002906082164)]
    [InlineData(-0.5, 0.50001, -0.9599071396524191, 4.59704643903316e-6, 0.080590712210253501)]
    [InlineData(1000.0, 1002.0, -500007.82669481218, 1000.000999998, 1000001.999998)]
    [InlineData(-2.0, double.PositiveInfinity, -0.023012909328963488, 0.055247862678989959, 0.88950427464202008)]
    [InlineData(double.NegativeInfinity, -9.0, -43.628149113332115, -9.1085231050028688, 82.976707945025819)]
    [InlineData(0.2, 0.9, -1.4410455631253092, 0.52795908758828703, 0.31862399213774415)]
    [InlineData(1.0, 2.3, -1.9110083573303521, 1.4442103341527395, 2.1952759442007489)]
    public void Moments_of_the_truncated_normal_do_not_cancel(double a, double b, double logMass, double mean, double meanSquare)
    {
        var moments = TruncatedNormal.Moments(a, b);
        Close(logMass, moments.LogMass, 1e-13);
        Assert.Equal(mean, moments.Mean, 2e-14 * double.Max(1, double.Abs(mean)));
        Close(meanSquare, (moments.Mean * moments.Mean) + moments.Variance, 2e-14);
        if (double.IsFinite(a) && double.IsFinite(b))
        {
            var result = new double[3];
            VectorNormal.LogIntervalProbability([a, a, a], [b, b, b], result);
            Assert.All(result, r => Close(logMass, r, 1e-13));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(2001)]
    public void Vector_kernels_equal_their_scalar_twins(int count)
    {
        double[] z = [.. Enumerable.Range(0, count).Select(i => (80.0 * i / count) - 40)];
        var vector = new double[count];
        VectorNormal.LogCdf(z, vector);
        AssertTwins(z, vector, NormalDistribution.LogCdf, 1e-14);
        VectorNormal.Cdf(z, vector);
        AssertTwins([.. z.Where(v => v > -37)], vector[(count - z.Count(v => v > -37))..], NormalDistribution.Cdf, 1e-14);
        double[] x = [.. z.Select(v => double.Exp(v / 4))];
        VectorNormal.ErfcxOfPositive(x, vector);
        AssertTwins(x, vector, NormalDistribution.Erfcx, 4e-15);
        double[] b = [.. x.Zip(z, (w, a) => a + w)];
        VectorNormal.LogIntervalProbability(z, b, vector);
        for (var i = 0; i < count; i++)
        {
            var expected = NormalDistribution.LogIntervalProbability(z[i], b[i]);
            Assert.Equal(expected, vector[i], 1e-13 * double.Max(1, double.Abs(expected)));
        }
    }

    private static void AssertTwins(double[] x, double[] vector, Func<double, double> scalar, double tolerance)
    {
        for (var i = 0; i < x.Length; i++)
        {
            Close(scalar(x[i]), vector[i], tolerance);
        }
    }

    private static void Close(double expected, double actual, double relative) =>
        Assert.True(double.Abs(actual - expected) <= (relative * double.Abs(expected)) + 1e-306, $"{actual:R} is not {expected:R}");
}
