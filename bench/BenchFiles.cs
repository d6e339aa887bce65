using System.IO.Compression;
using System.Text;
using FitCluster.Data.Writing;

namespace FitCluster.Bench;

/// <summary>Simulated matrices as files under artifacts/bench, made when they are first asked for.</summary>
internal static class BenchFiles
{
    public static string Folder { get; } = Directory.CreateDirectory(Path.Combine("artifacts", "bench")).FullName;

    /// <summary>The program that is measured.</summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine("src", "Cli", "bin", "Release", "net10.0", "fitcluster"));

    /// <summary>Where the file of a cluster's store may be, in a folder that is there and empty.</summary>
    public static string StoreFile(string name) => Path.Combine(Directory.CreateDirectory(Fresh(name)).FullName, "job.db");

    /// <summary>A folder for results, empty.</summary>
    public static string Fresh(string name)
    {
        var path = Path.Combine(Folder, name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        return path;
    }

    /// <summary>A dense matrix of <see cref="SimulatedData.Dense"/>, as .npy.</summary>
    public static string Dense(int n, int p, int k)
    {
        var path = Path.Combine(Folder, $"dense-{n}-{p}-{k}.npy");
        if (!File.Exists(path))
        {
            NpyWriter.Write(path, SimulatedData.Dense(n, p, k), n, p);
        }

        return path;
    }

    /// <summary>A sparse matrix of <see cref="SimulatedData.Sparse"/>, as .npz of SciPy.</summary>
    public static string Sparse(int n, int p, int k, double density)
    {
        var path = Path.Combine(Folder, FormattableString.Invariant($"sparse-{n}-{p}-{k}-{density}.npz"));
        if (File.Exists(path))
        {
            return path;
        }

        WriteCsr(path, n, p, SimulatedData.Sparse(n, p, k, density));
        return path;
    }

    /// <summary>Writes the stored entries of a matrix as .npz of SciPy.</summary>
    public static void WriteCsr(string path, int n, int p, (double[] Values, int[] Columns, long[] Starts) csr)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        Add(archive, "format", "|S3", "()", Encoding.ASCII.GetBytes("csr"));
        Add(archive, "shape", "<i8", "(2,)", Bytes<long>([n, p]));
        Add(archive, "indptr", "<i8", $"({csr.Starts.Length},)", Bytes<long>(csr.Starts));
        Add(archive, "indices", "<i4", $"({csr.Columns.Length},)", Bytes<int>(csr.Columns));
        Add(archive, "data", "<f8", $"({csr.Values.Length},)", Bytes<double>(csr.Values));
    }

    /// <summary>The same matrix as <see cref="Sparse"/>, ingested into a chunked store.</summary>
    public static string Store(int n, int p, int k, double density)
    {
        var source = Sparse(n, p, k, density);
        var path = Path.ChangeExtension(source, ".store");
        if (!Directory.Exists(path))
        {
            var run = Clock.Run(Program, ["ingest", source, "--out", path]);
            run.Expect($"ingesting {source}");
        }

        return path;
    }

    private static byte[] Bytes<T>(ReadOnlySpan<T> values)
        where T : struct => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray();

    private static void Add(ZipArchive archive, string name, string type, string shape, byte[] data)
    {
        using var stream = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression).Open();
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + "\n";
        stream.Write(
            [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)(header.Length & 255), (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(data);
    }
}
