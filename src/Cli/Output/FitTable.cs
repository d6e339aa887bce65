using System.Globalization;
using System.Text;
using FitCluster.Coordinator;
using FitCluster.Math.Ebnm;

namespace FitCluster.Cli.Output;

/// <summary>The results of a fit in short, for stdout.</summary>
internal static class FitTable
{
    public static string Of(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{(outcome.Status == FitStatus.Converged ? "converged" : "stopped, not converged,")} after {outcome.Rounds} rounds and {Progress.Pace.Time(outcome.Seconds)}: ELBO {global.Scalar("elbo"):F4}, {global["pve"].Length} factors");
        if (global["pve"].Length > 0)
        {
            text.AppendLine("factor      pve  loadings prior                 factors prior");
        }

        for (var k = 0; k < global["pve"].Length; k++)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{k + 1,6}  {global["pve"][k],7:F5}  {Words(global[$"loadingsPrior.{k}"]),-29}  {Words(global[$"factorsPrior.{k}"])}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"results are in {folder}");
        return text.ToString();
    }

    private static string Words(double[] encoded)
    {
        var prior = PriorCodec.Decode(encoded);
        var name = EbnmFamilies.Name(prior.Family);
        var spike = prior.Components.Where(c => c.Kind == ComponentKind.Point).Sum(c => c.Weight);
        return prior.Components.Length <= 2
            ? string.Create(CultureInfo.InvariantCulture, $"{name} pi0 {spike:F3} scale {prior.Components.Max(c => c.Scale):G3}")
            : string.Create(CultureInfo.InvariantCulture, $"{name} ({prior.Components.Count(c => c.Weight > 1e-3)} components)");
    }
}
