using FitCluster.Math.Svi;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>The published code's own numbers, for given parameters and draws (elbo_tiny.json).</summary>
public sealed class ReferenceGoldenTests
{
    // What issue 4 asks for; of the largest element for arrays, whose smallest elements are differences of large ones.
    private const double Relative = 1e-9;

    // A fixed Gamma prior's density is summed in 32 bits by the published code (ReferenceCase.RoundPrior): its log prior is a 32-bit
    // number.
    private const double Relative32 = 1e-7;

    public static TheoryData<int> Cases => [0, 1, 2, 3, 4, 5];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_term_of_the_elbo_is_the_published_one(int index)
    {
        var (given, gradient) = Compute(index);
        Close(given.Expected.GetProperty("data_loglik").GetDouble(), gradient.LogLik, "log-likelihood");
        Close(given.Expected.GetProperty("log_prior").GetDouble(), gradient.LogPrior + given.PriorRounding, "log prior",
            PriorRelative(given));
        Close(given.Expected.GetProperty("entropy").GetDouble(), gradient.Entropy, "entropy");
        Close(given.Expected.GetProperty("elbo").GetDouble(), gradient.LogLik + gradient.LogPrior + given.PriorRounding + gradient.Entropy,
            "elbo", PriorRelative(given));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_gradient_and_its_norm_is_the_published_one(int index)
    {
        var (given, gradient) = Compute(index);
        var rows = WithZeros(given, gradient.RowGradient);
        Close(Both(given, "grad_of_minus_elbo", true), rows, "rows");
        Close(Both(given, "grad_of_minus_elbo", false), gradient.ColumnGradient, "columns");
        if (given.Options.Prior != TwinEbPrior.Fixed)
        {
            Close(given.PriorOf("grad_of_minus_elbo", true), gradient.RowPriorGradient, "row prior");
            Close(given.PriorOf("grad_of_minus_elbo", false), gradient.ColumnPriorGradient, "column prior");
        }

        Close(given.Expected.GetProperty("grad_norm").GetDouble(), Norm(gradient), "norm");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_clipped_step_of_Adam_is_the_published_one(int index)
    {
        var (given, gradient) = Compute(index);
        var adam = new Adam(0.01, 1e-5, GradientClip.Factor(Norm(gradient), 2), 1);
        double[] After(double[] parameters, double[] g)
        {
            var result = (double[])parameters.Clone();
            adam.Apply(result, new double[result.Length], new double[result.Length], g);
            return result;
        }

        Close(Both(given, "params_after_one_adam_step", true), After(given.RowParameters, WithZeros(given, gradient.RowGradient)), "rows");
        Close(Both(given, "params_after_one_adam_step", false), After(given.ColumnParameters, gradient.ColumnGradient), "columns");
        if (given.Options.Prior != TwinEbPrior.Fixed)
        {
            Close(given.PriorOf("params_after_one_adam_step", true), After(given.RowPrior, gradient.RowPriorGradient), "row prior");
            Close(given.PriorOf("params_after_one_adam_step", false), After(given.ColumnPrior, gradient.ColumnPriorGradient),
                "column prior");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_held_out_log_likelihood_is_the_published_one(int index)
    {
        var given = new ReferenceCase(index);
        var score = new HeldOutScorer(given.Options).Score(given.Data, HeldOutKind.Validation, given, given.ColumnSampler);

        // The published code takes the logarithm of the number of draws in 32 bits: that 2e-8 is put in here, not into the scorer.
        var published = score.LogLik + double.Log(3) - (double)(float)double.Log(3);
        Close(given.Expected.GetProperty("heldout_ll_M3").GetDouble(), published, "held-out log-likelihood");
    }

    private static (ReferenceCase Case, ReferenceGradient Gradient) Compute(int index)
    {
        var given = new ReferenceCase(index);
        var gradient = new ReferenceGradient(given.Options);
        var constants = ReferenceShard.RowConstants(given.Data, given.Options);
        var batch = new ReferenceBatch(given.Data, new HeldOutCells(given.Data), given.Batch, constants, 6.0 / 4);
        gradient.Compute(
            batch, given.RowParameters, given.ColumnParameters, given.RowPrior, given.ColumnPrior, given, 0, 5, areColumnsFrozen: false);
        if (given.IsPoisson && given.Options.Prior == TwinEbPrior.Fixed)
        {
            given.RoundPrior(gradient.RowGradient, true, given.Batch);
            given.RoundPrior(gradient.ColumnGradient, false, [0, 1, 2, 3, 4]);
        }

        return (given, gradient);
    }

    private static double Norm(ReferenceGradient g) => double.Sqrt(
        g.RowSquaredNorm + g.ColumnGradient.Concat(g.RowPriorGradient).Concat(g.ColumnPriorGradient).Sum(x => x * x));

    private static double[] Both(ReferenceCase given, string part, bool isRows) =>
        [.. given.Entities(part, isRows, "eta1"), .. given.Entities(part, isRows, "ln_minus_eta2")];

    // The batch's gradient [2, 4, 2] among all 6 rows.
    private static double[] WithZeros(ReferenceCase given, double[] batchGradient)
    {
        var all = new double[24];
        for (var plane = 0; plane < 2; plane++)
        {
            for (var n = 0; n < 4; n++)
            {
                batchGradient.AsSpan((plane * 8) + (n * 2), 2).CopyTo(all.AsSpan((plane * 12) + (given.Batch[n] * 2)));
            }
        }

        return all;
    }

    private static double PriorRelative(ReferenceCase given) =>
        given.IsPoisson && given.Options.Prior == TwinEbPrior.Fixed ? Relative32 : Relative;

    private static void Close(double expected, double actual, string what, double relative = Relative) =>
        Close([expected], [actual], what, relative);

    private static void Close(double[] expected, double[] actual, string what, double relative = Relative)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(double.Abs);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                double.Abs(expected[i] - actual[i]) <= relative * double.Max(double.Abs(expected[i]), largest * 1e-3),
                $"{what}[{i}] is {actual[i]:R} where {expected[i]:R} was expected");
        }
    }
}
