using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Tests;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>One model of elbo_tiny.json: its options, data, parameters and draws in this project's layout.</summary>
internal sealed class ReferenceCase : IReferenceNoise, ISideSampler
{
    // The published code's constant, a 32-bit number.
    private const double LogHalf32 = -0.6931471824645996;
    private readonly JsonElement _file;
    private readonly double[][][] _columnNoise;
    private readonly double[][][] _rowNoise;

    public ReferenceCase(int index)
    {
        _file = SharedFolder.RequireJson("reference/twineb/elbo_tiny.json");
        Expected = _file.GetProperty("cases")[index];
        var model = Expected.GetProperty("model").GetString()!;
        IsPoisson = model.StartsWith("PMF", StringComparison.Ordinal);
        var prior = model.EndsWith("Single", StringComparison.Ordinal) ? TwinEbPrior.Single
            : model.EndsWith("Twin", StringComparison.Ordinal) ? TwinEbPrior.Twin : TwinEbPrior.Fixed;
        var settings = Expected.GetProperty("settings");
        Options = new TwinEbOptions
        {
            Rows = 6,
            Columns = 5,
            Factors = 2,
            Particles = 3,
            Optimizer = TwinEbOptimizer.Reference,
            Likelihood = IsPoisson ? TwinEbLikelihood.Poisson : TwinEbLikelihood.Gaussian,
            Prior = prior,
            RowComponents = 3,
            ColumnComponents = 2,
            HeldOutSamples = 3,
            HeldOutSubtractsValue = !IsPoisson,
            RowPriorShape = Single(settings.GetProperty("row_prior_concentration")),
            RowPriorRate = Single(settings.GetProperty("row_prior_rate")),
            RowPriorScale = Single(settings.GetProperty("row_prior_scale")),
            ColumnPriorShape = Single(settings.GetProperty("column_prior_concentration")),
            ColumnPriorRate = Single(settings.GetProperty("column_prior_rate")),
            ColumnPriorScale = Single(settings.GetProperty("column_prior_scale")),
        };
        _columnNoise = [.. _file.GetProperty("eps_v").EnumerateArray().Select(m => m.Matrix())];
        _rowNoise = [.. _file.GetProperty("eps_u").EnumerateArray().Select(m => m.Matrix())];
        RowSideNames = IsPoisson ? ("qu_distribution", "qv_distribution") : ("qz_distribution", "qw_distribution");
        var parameters = _file.GetProperty("params");
        RowParameters = [.. Transpose(parameters.GetProperty("u_eta1").Matrix()), .. Transpose(parameters.GetProperty("u_psi").Matrix())];
        ColumnParameters = [.. Flat(parameters, "v_eta1"), .. Flat(parameters, "v_psi")];
        RowPrior = Prior(parameters, "r");
        ColumnPrior = Prior(parameters, "c");
        Data = MakeData();
    }

    public JsonElement Expected { get; }

    public bool IsPoisson { get; }

    public TwinEbOptions Options { get; }

    public (string Rows, string Columns) RowSideNames { get; }

    public double[] RowParameters { get; }

    public double[] ColumnParameters { get; }

    public double[] RowPrior { get; }

    public double[] ColumnPrior { get; }

    public ShardData Data { get; }

    public int[] Batch => [.. _file.GetProperty("batch").EnumerateArray().Select(b => b.GetInt32())];

    /// <summary>A gradient or a parameter after the step, of an entity x L matrix, in rows of entities.</summary>
    public double[] Entities(string part, bool isRows, string name)
    {
        var matrix = Expected.GetProperty(part).GetProperty($"{(isRows ? RowSideNames.Rows : RowSideNames.Columns)}.{name}").Matrix();
        return isRows ? Transpose(matrix) : [.. matrix.SelectMany(r => r)];
    }

    /// <summary>A gradient or a parameter after the step, of a prior, in the order e1, e2, mix.</summary>
    public double[] PriorOf(string part, bool isRows)
    {
        var side = isRows ? RowSideNames.Rows : RowSideNames.Columns;
        return [.. new[] { "eta1", "eta2", "mix_vals" }.SelectMany(
            n => Numbers(Expected.GetProperty(part).GetProperty($"{side}.prior.{n}")))];
    }

    public void Columns(int particle, int count, int width, Span<double> normals)
    {
        for (var j = 0; j < count; j++)
        {
            _columnNoise[particle][j].CopyTo(normals[(j * width)..]);
        }
    }

    public void Row(int particle, long row, int width, Span<double> normals)
    {
        for (var l = 0; l < 2; l++)
        {
            normals[l] = _rowNoise[particle][l][row];
        }
    }

    // As a sampler: rows with this object, columns with ColumnSampler.
    public void Draw(int draw, int first, int count, Span<double> factors) =>
        Sample(RowParameters, 6, first, count, factors, (i, l) => _rowNoise[draw][l][i]);

    public void Mean(int first, int count, Span<double> factors) => factors[..(count * 2)].Fill(1);

    public ISideSampler ColumnSampler => new OfColumns(this);

    private void Sample(double[] parameters, int all, int first, int count, Span<double> factors, Func<int, int, double> noise)
    {
        for (var i = 0; i < count; i++)
        {
            for (var l = 0; l < 2; l++)
            {
                var at = ((first + i) * 2) + l;
                var t = double.Log(1 + double.Exp(LogHalf32 - parameters[(all * 2) + at]));
                var z = (-parameters[at] * t) + (t * noise(first + i, l));
                factors[(i * 2) + l] = IsPoisson ? double.Exp(z) : z;
            }
        }
    }

    private double[] Prior(JsonElement parameters, string side)
    {
        string[] names = Options.Prior switch
        {
            TwinEbPrior.Twin => [$"{side}_eta1", $"{side}_eta2", $"{side}_mix"],
            TwinEbPrior.Single => [$"{side}s_eta1", $"{side}s_eta2"],
            _ => [],
        };
        double[] values = [.. names.SelectMany(n => Numbers(parameters.GetProperty(n)))];
        return Options.Prior == TwinEbPrior.Single ? [.. values, 1] : values;
    }

    private ShardData MakeData()
    {
        var (full, mask) = (_file.GetProperty(IsPoisson ? "Y" : "G").Matrix(), _file.GetProperty("mask").Matrix());
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (heldColumns, heldValues, heldKinds, heldStarts) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double> { 0 });
        for (var i = 0; i < 6; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                if (mask[i][j] != 0)
                {
                    // Cells of value 0 are missing in the Gaussian model.
                    heldColumns.Add(j);
                    heldValues.Add(full[i][j]);
                    heldKinds.Add(full[i][j] == 0 && !IsPoisson ? 3 : 1);
                }
                else if (full[i][j] != 0)
                {
                    values.Add((float)full[i][j]);
                    columns.Add(j);
                }
            }

            starts.Add(values.Count);
            heldStarts.Add(heldColumns.Count);
        }

        var block = MatrixBlock.FromCsr(
            6, 5, values.ToArray(), columns.ToArray(), starts.ToArray(), IsPoisson ? UnstoredEntries.Zero : UnstoredEntries.Missing);
        var extras = new ArraySet().Set("rowRole", new double[6]).Set("heldOutStart", [.. heldStarts])
            .Set("heldOutColumn", [.. heldColumns]).Set("heldOutValue", [.. heldValues]).Set("heldOutKind", [.. heldKinds]);
        return new ShardData(new ShardId(0), 0, 6, block, null, extras);
    }

    // The published code holds a fixed prior's parameters, and the values that it trains on, in 32 bits.
    private static double Single(JsonElement element) => (float)element.GetDouble();

    /// <summary>
    /// What the Gaussian model's fixed prior N(0, scale squared) has too much in the published code, whose log scale has 32 bits; the
    /// batch's 4 rows count 6 / 4.
    /// </summary>
    public double PriorRounding
    {
        get
        {
            static double Of(double scale) => double.Log(scale) - (double)(float)double.Log(scale);
            return IsPoisson || Options.Prior != TwinEbPrior.Fixed
                ? 0
                : (12 * Of(Options.RowPriorScale)) + (10 * Of(Options.ColumnPriorScale));
        }
    }

    /// <summary>
    /// The published code evaluates a fixed Gamma prior, and its derivative, in 32 bits (torch casts the value to the prior's type), where
    /// everything else has 64. This replaces the prior's part of a gradient [2, entities, L] by what 32 bits make of it;
    /// <paramref name="entities"/> are those in it.
    /// </summary>
    public void RoundPrior(double[] gradient, bool isRows, int[] entities)
    {
        var settings = Expected.GetProperty("settings");
        var side = isRows ? "row" : "column";
        var shape = (float)settings.GetProperty($"{side}_prior_concentration").GetDouble();
        var rate = (float)settings.GetProperty($"{side}_prior_rate").GetDouble();
        var (parameters, all, weight) = isRows ? (RowParameters, 6, -0.5) : (ColumnParameters, 5, -1 / 3.0);
        for (var n = 0; n < entities.Length; n++)
        {
            for (var l = 0; l < 2; l++)
            {
                var at = (entities[n] * 2) + l;
                var x = LogHalf32 - parameters[(all * 2) + at];
                var t = double.Log(1 + double.Exp(x));
                for (var s = 0; s < 3; s++)
                {
                    var noise = isRows ? _rowNoise[s][l][entities[n]] : _columnNoise[s][entities[n]][l];
                    var y = double.Exp((-parameters[at] * t) + (t * noise));
                    var rounded = (float)((float)weight * (float)((shape - 1f) / (float)y)) + (float)(-(float)weight * rate);
                    var change = y * ((double)(float)rounded - (weight * (((shape - 1.0) / y) - rate)));
                    gradient[(n * 2) + l] -= change * t;
                    gradient[(entities.Length * 2) + (n * 2) + l] -= change * (noise - parameters[at]) / (1 + double.Exp(-x));
                }
            }
        }
    }

    private static double[] Transpose(double[][] m) => [.. Enumerable.Range(0, m[0].Length).SelectMany(i => m.Select(r => r[i]))];

    private static double[] Flat(JsonElement parameters, string name) => [.. parameters.GetProperty(name).Matrix().SelectMany(r => r)];

    private static double[] Numbers(JsonElement element) => element.ValueKind == JsonValueKind.Array
        ? [.. element.EnumerateArray().SelectMany(Numbers)]
        : [element.GetDouble()];

    private sealed class OfColumns(ReferenceCase given) : ISideSampler
    {
        public void Draw(int draw, int first, int count, Span<double> factors) =>
            given.Sample(given.ColumnParameters, 5, first, count, factors, (j, l) => given._columnNoise[draw][j][l]);

        public void Mean(int first, int count, Span<double> factors) => factors[..(count * 2)].Fill(1);
    }
}
