using System.Runtime.InteropServices;

namespace FitCluster.Bench;

/// <summary>OpenBLAS (Debian's libopenblas0-pthread), the peer of the matrix products.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int Transpose = 112;

    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void SetThreads(int threads);

    [LibraryImport(Library, EntryPoint = "openblas_get_config")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial byte* Configuration();

    /// <summary>The library's version and the kernels that it chose.</summary>
    public static string Version => Marshal.PtrToStringUTF8((nint)Configuration())!.Replace("OpenBLAS ", "", StringComparison.Ordinal);

    [LibraryImport(Library, EntryPoint = "cblas_dgemm")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Dgemm(int order, int transA, int transB, int m, int n, int k, double alpha, double* a, int lda, double* b,
        int ldb, double beta, double* c, int ldc);

    /// <summary>C (n x k) = X (n x p) F (p x k), then D (p x k) = X' C: the two products of a sweep.</summary>
    public static void TwoProducts(double* x, double* f, double* c, double* d, int n, int p, int k)
    {
        Dgemm(RowMajor, NoTranspose, NoTranspose, n, k, p, 1, x, p, f, k, 0, c, k);
        Dgemm(RowMajor, Transpose, NoTranspose, p, k, n, 1, x, p, c, k, 0, d, k);
    }

    /// <summary>C = A B, all side x side.</summary>
    public static void Product(double* a, double* b, double* c, int side) =>
        Dgemm(RowMajor, NoTranspose, NoTranspose, side, side, side, 1, a, side, b, side, 0, c, side);
}
