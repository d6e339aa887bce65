using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class GeneralizedInverseGaussianTests
{
    // By mpmath with 40 digits: Bessel functions, and for the last five rows the integral in log x.
    [Theory]
    [InlineData(0.01, 1.0, 1.0e-3, 1.7167925544350597, 0.17745576861856892, 167.45576861856892, -3.4125853612716665, 0.14873977648874754)]
    [InlineData(0.05, 2.0, 1.0e-12, 2.6119118851485056, 0.034507813674542975, 19015627349.08595, -11.387516171535866, 0.016925812975038087)]
    [InlineData(0.3, 1.0e-3, 1.0e-6, 3.1652345633484721, 300.86825758452284, 868.25758452284455, 3.4611876068960868, 300607.02743793291)]
    [InlineData(0.5, 1.0, 1.0e-40, 0.57236494292470009, 0.5, 1.0e+20, -1.9635100260214235, 0.5)]
    [InlineData(1.0, 1.0, 1.0, -1.2739241220005686, 1.8143077587637895, 0.81430775876378949, 0.40715387938189474, 1.336902874017094)]
    [InlineData(1.5, 1.0e-3, 40.0, 10.177322917459173, 1557.1428571428571, 0.0014285714285714286, 7.0231368227492502, 1508163.2653061224)]
    [InlineData(2.3, 10000.0, 1.0e-5, -21.102045790648053, 0.0002369177937039484, 6917.7937039483965,
        -8.5620992153745983, 2.305283094875632e-8)]
    [InlineData(7.0, 3.0, 20.0, -7.7988500533598431, 4.0690181675811187, 0.2603527251371678, 1.374767822543177, 0.96047293211111168)]
    [InlineData(0.7, 300.0, 300.0, -602.27932646080404, 1.0020003327791069, 0.99966699944577354,
        0.0011656959317928835, 0.001673334996307365)]
    [InlineData(40.0, 2.0, 900.0, 45.243625684433213, 33.554324806719243, 0.03012072179270943, 3.5078617203121071, 11.970945302930098)]
    [InlineData(3000.0, 10.0, 100000.0, 13791.072763245975, 330.28525739377406, 0.0030285257393774056,
        5.7998180256369069, 30.254492200014428)]
    [InlineData(1.0e5, 1000.0, 1.0e5, 359517.10582618514, 100.99020475140222, 0.0099020475140221805,
        4.6150186265688999, 0.10000961483006895)]
    [InlineData(2.0, 1.0e6, 3.0e5, -1095452.3533785599, 0.54772380750602193, 1.8257393583534064,
        -0.60198457642194298, 2.7386252875386678e-7)]
    [InlineData(0.1, 1.0e-8, 1.0e10, -18.512458268016865, 1029713937.8939783, 1.0197139378939783e-9,
        20.728147094195545, 52957739275213785.0)]
    [InlineData(5.0, 1.0e12, 1.0e12, -2000000000013.2431, 1.00000000000275, 0.99999999999775, 2.499999999999375e-12, 5.0000000000275e-13)]
    public void Moments_are_those_of_exact_arithmetic(
        double g, double r, double t, double log, double mean, double inverseMean, double logMean, double variance)
    {
        static void Near(double expected, double actual, double size) =>
            Assert.True(double.Abs(actual - expected) <= 1e-10 * size, $"{actual:R} is not {expected:R}");

        var moments = GeneralizedInverseGaussian.Of(g, r, t);
        Near(log, moments.Log, double.Max(1, double.Abs(log)));
        Near(mean, moments.Mean, mean);
        Near(inverseMean, moments.InverseMean, inverseMean);
        Near(logMean, moments.LogMean, double.Max(1, double.Abs(logMean)));
        // Of a width of 1e-6 of the mean the mean itself is known to 1e-10.
        Near(variance, GeneralizedInverseGaussian.Variance(g, r, t, moments.Mean), 10 * variance);
    }

    [Theory]
    [InlineData(0.05, 2, 1e-3)]
    [InlineData(0.4, 1, 1e-9)]
    [InlineData(1.5, 1, 0)]
    [InlineData(0.1, 4, 6)]
    [InlineData(2, 1, 0.3)]
    [InlineData(60, 3, 500)]
    public void Draws_have_its_moments(double g, double r, double t)
    {
        const int Draws = 20_000;
        var moments = GeneralizedInverseGaussian.Of(g, r, t);
        var draws = Enumerable.Range(0, Draws).Select(m => ConjugateDraw.Inverse(g, r, t, 7, 3, m, 5, 2)).ToArray();
        var logs = draws.Select(x => double.Log(x)).ToArray();
        var (mean, log) = (draws.Average(), logs.Average());
        var error = double.Sqrt(GeneralizedInverseGaussian.Variance(g, r, t, moments.Mean) / Draws);
        var errorOfLog = double.Sqrt(logs.Select(x => (x - log) * (x - log)).Average() / Draws);
        Assert.InRange(mean, moments.Mean - (5 * error), moments.Mean + (5 * error));
        Assert.InRange(log, moments.LogMean - (5 * errorOfLog), moments.LogMean + (5 * errorOfLog));
    }
}
