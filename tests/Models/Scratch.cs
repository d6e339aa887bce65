using System.Globalization;
using System.Text.Json;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Simulation;

namespace FitCluster.Models.Tests;

/// <summary>A folder for one test, deleted afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch()
    {
        Root = Directory.CreateTempSubdirectory("fitcluster-cli-").FullName;
    }

    public string Root { get; }

    public string At(string name) => Path.Combine(Root, name);

    public string File(string name, string content)
    {
        System.IO.File.WriteAllText(At(name), content);
        return At(name);
    }

    /// <summary>Simulated data in a file.</summary>
    public string Simulate(string name = "sim", int rows = 120, int columns = 40, int factors = 3, string format = "npy",
        double missing = 0, bool sparse = false) =>
        SimulationWriter.Write(
            new EbmfSimulator(
                new SimulationOptions { Rows = rows, Columns = columns, Factors = factors, Missing = missing, Sparse = sparse }),
            format, At(name));

    /// <summary>A small dense csv, by default 6 x 4.</summary>
    public string Csv(string name = "small.csv", int rows = 6, int columns = 4)
    {
        var lines = new List<string> { "name," + string.Join(',', Enumerable.Range(1, columns).Select(j => $"c{j}")) };
        for (var i = 0; i < rows; i++)
        {
            lines.Add($"r{i + 1}," + string.Join(
                ',', Enumerable.Range(0, columns).Select(j => (double.Sin((i * 7) + j) + i).ToString("R", CultureInfo.InvariantCulture))));
        }

        return File(name, string.Join('\n', lines) + "\n");
    }

    public static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    /// <summary>The bytes of every array of a fit, by name.</summary>
    public static Dictionary<string, byte[]> Arrays(string folder) =>
        Directory.GetFiles(folder, "*.npy").ToDictionary(f => Path.GetFileName(f), System.IO.File.ReadAllBytes);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
