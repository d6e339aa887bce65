using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The links of one number.</summary>
internal static class NbLinks
{
    // Below it softplus is e^t to rounding.
    private const double Far = -36;

    /// <summary>y = link(t).</summary>
    public static double Of(NbLink link, double t) => link == NbLink.Exp || t < Far ? double.Exp(t) : VectorSoftplus.Softplus(t);

    /// <summary>log link(t).</summary>
    public static double Log(NbLink link, double t) => link == NbLink.Exp || t < Far ? t : double.Log(VectorSoftplus.Softplus(t));

    /// <summary>d log link(t) / dt.</summary>
    public static double Slope(NbLink link, double t) =>
        link == NbLink.Exp || t < Far ? 1 : VectorSoftplus.Logistic(t) / VectorSoftplus.Softplus(t);

    /// <summary>The t of y &gt; 0, and the slope of the logarithm there.</summary>
    public static (double Value, double Slope) Inverse(NbLink link, double y)
    {
        var t = link == NbLink.Exp || y < 1e-15 ? double.Log(y) : VectorSoftplus.InverseSoftplus(y);
        return (t, Slope(link, t));
    }

    /// <summary>The t whose log link is greater by a step, and by what factor deviations in t change.</summary>
    public static (double Value, double Factor) Moved(NbLink link, double t, double step)
    {
        if (link == NbLink.Exp)
        {
            return (t + step, 1);
        }

        var (value, slope) = Inverse(link, Of(link, t) * double.Exp(step));
        return (value, Slope(link, t) / slope);
    }
}
