using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests;

public sealed class ContentHashTests : TestFolder
{
    [Fact]
    public void The_same_matrix_has_the_same_hash_in_every_format()
    {
        var x = Example(30, 14, seed: 5);
        var (rows, columns) = (Names('r', 30), Names('c', 14));
        double[][] transposed = [.. Enumerable.Range(0, 14).Select(j => x.Select(r => r[j]).ToArray())];
        Text("tenx/matrix.mtx.gz", Mtx(transposed));
        Text("tenx/barcodes.tsv", string.Concat(rows.Select(r => r + "\n")));
        Text("tenx/features.tsv", string.Concat(columns.Select(r => r + "\tx\n")));
        File.WriteAllBytes(PathOf("x.npy"), Npy(Flat(x), "<f8", false, "(30, 14)"));
        File.WriteAllBytes(PathOf("f.npy"), Npy(FlatFortran(x), "<f8", true, "(30, 14)"));
        string[] paths =
        [
            PathOf("tenx"), PathOf("x.npy"), PathOf("f.npy"),
            Text("a.mtx", Mtx(x)), Text("b.mtx", Mtx(x, byColumn: false)), Text("c.mtx", MtxArray(x)),
            Text("d.csv", Dense(x, rows, columns)), Text("e.tsv", Triplets(x, rows, columns, "row\tcolumn\tvalue", '\t')),
            Zip("csr.npz", Scipy(x, "csr")), Zip("csc.npz", Scipy(x, "csc")), Zip("coo.npz", Scipy(x, "coo")),
        ];
        var hashes = paths.ToDictionary(p => p, p => MatrixSource.Open(p).ContentHash);
        foreach (var path in paths)
        {
            Assert.Equal(hashes[PathOf("a.mtx")], hashes[path]);
            Assert.Equal(hashes[path], MatrixStore.Ingest(path, PathOf("store"), overwrite: true).ContentHash);
        }
    }

    [Fact]
    public void Any_change_changes_the_hash()
    {
        var x = Example();
        var (rows, columns) = (Names('r', 7), Names('c', 5));
        var hashes = new HashSet<string>();
        void Differs(double[][] y, string[] r, string[] c) =>
            Assert.True(hashes.Add(MatrixSource.Open(Text("x.csv", Dense(y, r, c))).ContentHash));

        Differs(x, rows, columns);
        Differs(x, [.. rows[..6], "other"], columns);
        Differs(x, rows, [.. columns[..4], "other"]);
        Differs(x[..6], rows[..6], columns);
        x[2][1] = double.NaN;
        Differs(x, rows, columns);
        x[2][1] = 0;
        x[2][2] = double.BitIncrement(x[2][2]);
        Differs(x, rows, columns);
    }

    [Fact]
    public void The_hash_does_not_change_between_versions() =>
        // Computed apart, with Python's hashlib and struct.
        Assert.Equal("72481f3a3794071b42fc213f5abcb64ddcaf9dde92e6a102050a67f5c4d70c23",
            MatrixSource.Open(Text("g.mtx", Mtx([[1, 0, 2.5], [0, -3, 0]]))).ContentHash);
}
