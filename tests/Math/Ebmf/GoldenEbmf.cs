using System.Text.Json;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Messages;
using FitCluster.Tests;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>A golden EBMF case: the matrix, the options that the reference used, and what it reached.</summary>
internal sealed class GoldenEbmf
{
    private readonly JsonElement _case;

    public GoldenEbmf(string file)
    {
        _case = SharedFolder.RequireJson("reference/ebmf/" + file);
        var input = SharedFolder.RequireJson("reference/" + _case.GetProperty("input").GetString());
        Y = input.GetProperty("Y").Matrix();
        var given = _case.TryGetProperty("S", out var s) && s.ValueKind == JsonValueKind.Number ? s.GetDouble() : (double?)null;
        var families = _case.GetProperty("ebnm_fn").EnumerateArray().Select(f => Family(f.GetString()!)).ToArray();
        var variance = Variance(_case.GetProperty("var_type"));
        Options = new EbmfOptions
        {
            Rows = Y.Length,
            Columns = Y[0].Length,
            LoadingsPrior = [families[0]],
            FactorsPrior = [families[1]],
            Variance = variance,
            KnownErrors = given is null ? KnownErrors.None : KnownErrors.Scalar,
            StandardErrors = given is { } value ? [value] : [],
            MaxFactors = _case.TryGetProperty("greedy_Kmax", out var most) ? most.GetInt32() : 10,
            Extrapolate = _case.GetProperty("extrapolate").ValueKind == JsonValueKind.True,
        };
    }

    public double[][] Y { get; }

    public EbmfOptions Options { get; }

    public bool IsGreedy => _case.TryGetProperty("greedy_init", out _);

    public double Elbo => _case.TryGetProperty("elbo", out var elbo) ? elbo.GetDouble() : _case.GetProperty("elbo_backfit").GetDouble();

    public double NullElbo => _case.GetProperty("elbo_null").GetDouble();

    public double[][] Loadings => _case.GetProperty("L_pm").Matrix();

    public double[][] Factors => _case.GetProperty("F_pm").Matrix();

    /// <summary>The factors whose loadings and factors are both not zero in the reference's fit.</summary>
    public int LiveFactors =>
        Enumerable.Range(0, Factors[0].Length).Count(k => Loadings.Any(r => r[k] != 0) && Factors.Any(r => r[k] != 0));

    /// <summary>The reference's ELBO without the KL of factors that are gone (docs/ebmf.md, "Where it differs from flashier").</summary>
    public double CleanElbo
    {
        get
        {
            var (klL, klF) = (_case.GetProperty("KL_L").Numbers(), _case.GetProperty("KL_F").Numbers());
            var dead = Enumerable.Range(0, klL.Length).Where(k => Loadings.All(r => r[k] == 0) || Factors.All(r => r[k] == 0));
            return Elbo - dead.Sum(k => klL[k] + klF[k]);
        }
    }

    /// <summary>Options that start where the reference started, and the extras that go with them.</summary>
    public (EbmfOptions Options, Func<int, int, ArraySet>? Extras) FromSavedStart()
    {
        if (IsGreedy)
        {
            var starts = _case.GetProperty("greedy_init").EnumerateArray().Select(i => i.GetProperty("f").Numbers()).ToArray();
            return (Options with { Init = EbmfInit.Given, InitialFactors = Interleave(starts), InitialFactorCount = starts.Length }, null);
        }

        var (l, f) = (_case.GetProperty("L_init").Matrix(), _case.GetProperty("F_init").Matrix());
        var k = f[0].Length;
        return (
            Options with
            {
                Greedy = false,
                Init = EbmfInit.Given,
                InitialFactors = [.. f.SelectMany(r => r)],
                InitialFactorCount = k,
                MaxFactors = k
            },
            (first, last) => new ArraySet().Set("initialLoadings", [.. l[first..last].SelectMany(r => r)], [last - first, k]));
    }

    private static double[] Interleave(double[][] columns)
    {
        var p = columns[0].Length;
        return [.. Enumerable.Range(0, p).SelectMany(j => columns.Select(c => c[j]))];
    }

    private static PriorFamily Family(string name) =>
        EbnmFamilies.TryParse(name, out var family) ? family : throw new InvalidDataException(name);

    private static VarianceStructure Variance(JsonElement type)
    {
        var values = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(v => v.GetInt32()).ToArray() : [];
        return values switch
        {
            [] => VarianceStructure.Known,
            [0] => VarianceStructure.Constant,
            [1] => VarianceStructure.Row,
            [2] => VarianceStructure.Column,
            _ => VarianceStructure.Kronecker,
        };
    }
}
