using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FitCluster.Data.Tests;

/// <summary>Simple writers of every format, independent of the code under test.</summary>
internal static class SmallWriters
{
    public static string N(double value) => double.IsNaN(value) ? "NA" : value.ToString("R", CultureInfo.InvariantCulture);

    public static string Mtx(double[][] x, bool byColumn = true, string field = "real")
    {
        var entries = Entries(x);
        var sorted = byColumn ? entries.OrderBy(e => e.Column).ThenBy(e => e.Row) : entries.OrderBy(e => e.Row).ThenBy(e => e.Column);
        return $"%%MatrixMarket matrix coordinate {field} general\n% a comment\n{x.Length} {x[0].Length} {entries.Count}\n" +
            string.Concat(sorted.Select(e => $"{e.Row + 1} {e.Column + 1} {N(e.Value)}\n"));
    }

    public static string MtxArray(double[][] x) => $"%%MatrixMarket matrix array real general\n{x.Length} {x[0].Length}\n" +
        string.Concat(Enumerable.Range(0, x[0].Length).SelectMany(j => x.Select(r => N(r[j]) + "\n")));

    public static string Dense(double[][] x, string[] rows, string[] columns, char d = ',', string corner = "") =>
        corner + d + string.Join(d, columns) + "\n" + string.Concat(x.Select((r, i) => rows[i] + d + string.Join(d, r.Select(N)) + "\n"));

    public static string Triplets(double[][] x, string[] rows, string[] columns, string? header, char d = ',', string tail = "") =>
        (header is null ? "" : header + "\n") +
        string.Concat(
            Entries(x).OrderBy(e => (e.Row * 7919) % 101).Select(e => $"{rows[e.Row]}{d}{columns[e.Column]}{d}{N(e.Value)}{tail}\n"));

    public static byte[] Npy<T>(T[] values, string descr, bool fortran, string shape, int version = 1)
        where T : unmanaged => NpyRaw(MemoryMarshal.AsBytes(values.AsSpan()), descr, fortran, shape, version);

    public static byte[] NpyRaw(ReadOnlySpan<byte> data, string descr, bool fortran, string shape, int version = 1)
    {
        var text = $"{{'descr': '{descr}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}\n";
        byte[] size = version == 1
            ? [(byte)(text.Length & 255), (byte)(text.Length >> 8)]
            : [(byte)(text.Length & 255), (byte)(text.Length >> 8), 0, 0];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. size, .. Encoding.UTF8.GetBytes(text), .. data];
    }

    public static byte[] NpyText(string text, bool unicode) => unicode
        ? NpyRaw(Encoding.UTF32.GetBytes(text), $"<U{text.Length}", false, "()")
        : NpyRaw(Encoding.ASCII.GetBytes(text), $"|S{text.Length}", false, "()");

    public static (string Name, byte[] Content)[] Scipy(double[][] x, string kind)
    {
        var entries = kind == "csc" ? [.. Entries(x).OrderBy(e => e.Column).ThenBy(e => e.Row)] : Entries(x);
        double[] data = [.. entries.Select(e => e.Value)];
        int[] rows = [.. entries.Select(e => e.Row)];
        int[] columns = [.. entries.Select(e => e.Column)];
        var common = new (string, byte[])[]
        {
            ("data", Npy(data, "<f8", false, $"({data.Length},)")),
            ("shape", Npy(new long[] { x.Length, x[0].Length }, "<i8", false, "(2,)")),
            ("format", NpyText(kind, kind != "coo")),
        };
        if (kind == "coo")
        {
            return [.. common, ("row", Npy(
                rows, "<i4", false, $"({data.Length},)")), ("col", Npy(columns, "<i4", false, $"({data.Length},)"))];
        }

        var (major, minor, count) = kind == "csr" ? (rows, columns, x.Length) : (columns, rows, x[0].Length);
        int[] starts = [.. Enumerable.Range(0, count + 1).Select(m => major.Count(i => i < m))];
        return [.. common, ("indices", Npy(minor, "<i4", false, $"({data.Length},)")), ("indptr",
            Npy(starts, "<i4", false, $"({count + 1},)"))];
    }

    public static List<(int Row, int Column, double Value)> Entries(double[][] x) =>
        [.. x.SelectMany((r, i) => r.Select((v, j) => (i, j, v))).Where(e => e.v != 0 && !double.IsNaN(e.v))];

    /// <summary>A small matrix with zeros, whole numbers and fractions; every row and column has an entry.</summary>
    public static double[][] Example(int rows = 7, int columns = 5, int seed = 1, double density = 0.5)
    {
        var random = new Random(seed);
        double[][] x = [.. Enumerable.Range(0, rows).Select(_ => new double[columns])];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var drawn = random.NextDouble();
                x[i][j] = drawn < density ? random.Next(1, 9) + (random.Next(3) == 0 ? random.NextDouble() : 0) : 0;
            }

            x[i][i % columns] = i + 1;
        }

        return x;
    }

    public static string[] Names(char prefix, int count) => [.. Enumerable.Range(1, count).Select(i => $"{prefix}{i}")];

    public static double[] Flat(double[][] x) => [.. x.SelectMany(r => r)];

    public static double[] FlatFortran(double[][] x) => [.. Enumerable.Range(0, x[0].Length).SelectMany(j => x.Select(r => r[j]))];
}
