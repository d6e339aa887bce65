using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>What a family says of itself is what it does.</summary>
public sealed class EbnmTraitsTests
{
    private static readonly double[] S = [.. Enumerable.Range(0, 80).Select(i => 1.0)];

    public static TheoryData<PriorFamily> Families => [.. Enum.GetValues<PriorFamily>()];

    [Theory]
    [MemberData(nameof(Families))]
    public void Posterior_means_have_the_sign_of_the_family(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        foreach (var x in new[] { X(1, 3), [.. X(1, 3).Select(v => -v)] })
        {
            var prior = family.Fit(x, S, new EbnmOptions()).Prior;
            var (mean, variance) = (new double[x.Length], new double[x.Length]);
            family.Moments(prior, x, S, mean, variance);
            Assert.All(mean, m => Assert.True(family.Traits.Sign * m >= 0, $"{name}: {m}"));
            Assert.True(family.Traits.Sign != 0 || name == PriorFamily.PointMass || mean.Any(m => m * x[0] > 0), $"{name} has a sign");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fitted_prior_is_of_the_form_of_its_family(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        var prior = family.Fit(X(2, 2), S, new EbnmOptions()).Prior;
        var fits = family.Traits.Form?.Fits(prior.Components) ?? prior.Components.Length > 2;
        Assert.True(fits, $"{name}: {string.Join(", ", prior.Components)}");
        if (family.Traits.Form is { } form)
        {
            Assert.False(form.Fits([.. prior.Components, .. prior.Components, .. prior.Components]));
            Assert.False(form.Fits([new PriorComponent(ComponentKind.Uniform, 1, 0, 0, 0, 1)]));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_uninformed_entry_has_an_infinite_variance_only_where_the_family_says_so(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        var prior = family.Fit(X(3, 2), S, new EbnmOptions()).Prior;
        var (mean, variance) = (new double[1], new double[1]);
        family.Moments(prior, [0], [double.PositiveInfinity], mean, variance);
        Assert.Equal(family.Traits.HasInfiniteMoments, double.IsPositiveInfinity(variance[0]));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Only_families_for_z_scores_refuse_other_errors(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        var refused = Record.Exception(() => family.Fit(X(4, 2), [.. S.Select(s => 1.5 * s)], new EbnmOptions()));
        Assert.Equal(family.Traits.NeedsUnitErrors, refused is ArgumentException);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_scale_is_refused_where_there_is_none_to_choose(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        var refused = Record.Exception(() => family.Fit(X(5, 2), S, new EbnmOptions { Scale = 1.3 }));
        // The scale of the generalized binary prior is there, and always estimated.
        Assert.Equal(family.Traits.HasScale && name != PriorFamily.GeneralizedBinary, refused is null);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_family_that_climbs_from_its_start_is_never_less_likely_than_it(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        for (var seed = 10ul; seed < 30 && family.Traits.ClimbsFromStart; seed++)
        {
            // The prior of other data, which are on another scale: from far away, in a few iterations.
            var start = family.Fit(X(seed, 1 + (seed % 5)), S, new EbnmOptions()).Prior;
            var x = X(seed + 100, 1 + (seed % 3));
            var (mean, variance) = (new double[x.Length], new double[x.Length]);
            var before = family.Moments(start, x, S, mean, variance);
            var prior = family.Fit(x, S, new EbnmOptions { Start = start, MaxIterations = 4 }).Prior;
            Assert.True(family.Moments(prior, x, S, mean, variance) >= before - (1e-12 * double.Abs(before)), $"{name}, seed {seed}");
        }
    }

    [Fact]
    public void Families_of_adaptive_shrinkage_have_a_null_component_and_a_grid()
    {
        foreach (var family in Enum.GetValues<PriorFamily>().Select(EbnmFamilies.Get).Where(f => f.Traits.IsAdaptiveShrinkage))
        {
            var prior = family.Fit(X(6, 2), S, new EbnmOptions()).Prior;
            Assert.Equal((ComponentKind.Point, 0.0), (prior.Components[0].Kind, prior.Components[0].Location));
            Assert.Null(family.Traits.Form);
        }
    }

    // Sparse means, more of them above 0 than below, and noise of standard deviation 1.
    private static double[] X(ulong stream, double scale) => [.. Enumerable.Range(0, 80).Select(i =>
        Philox.Normal(8, stream, (ulong)i)
            + (Philox.Uniform(8, stream + 1000, (ulong)i) < 0.6
            ? scale * (0.5 + double.Abs(Philox.Normal(8, stream + 2000, (ulong)i))) : 0))];
}
