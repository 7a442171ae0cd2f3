/* Entry of the packed executable, x86-64: puts extra argument words behind
 * argv[0] and extra environment words before the caller's, then jumps to the
 * program's own entry. Position independent; keeps rdx (rtld_fini).
 *
 * The dynamic loader has told libc where the environment is by now, so libc's
 * environ is set too, through the program's own global offset table.
 *
 * src/pack/embed.ts appends at `table`, offsets counted from there:
 *   i64 entry, i64 GOT slot of environ or 0, u32 argument words K,
 *   u32 environment words E, u32 string, K + E times.
 * K + E is even: the stack stays aligned. */

	.text
	.ascii	"OOMGUARD"
entry:
	movq	(%rsp), %rcx
	testq	%rcx, %rcx
	jz	refuse
	leaq	table(%rip), %rsi
	movl	16(%rsi), %r8d
	movl	20(%rsi), %r9d
	leaq	24(%rsi), %r10
	movq	%rsp, %r11

	/* All words below the environment move down, lowest first. */
	leaq	(%r8,%r9), %rax
	shlq	$3, %rax
	subq	%rax, %rsp
	addq	%r8, %rcx
	movq	%rcx, (%rsp)
	movq	8(%r11), %rax
	movq	%rax, 8(%rsp)
	leaq	16(%rsp), %rdi
	addq	$16, %r11

1:	testl	%r8d, %r8d
	jz	2f
	movl	(%r10), %eax
	addq	%rsi, %rax
	movq	%rax, (%rdi)
	addq	$4, %r10
	addq	$8, %rdi
	decl	%r8d
	jmp	1b

	/* The caller's arguments and the null word behind them. */
2:	movq	(%r11), %rax
	movq	%rax, (%rdi)
	addq	$8, %r11
	addq	$8, %rdi
	testq	%rax, %rax
	jnz	2b

	movq	8(%rsi), %rax
	testq	%rax, %rax
	jz	3f
	movq	(%rsi,%rax), %rax
	movq	%rdi, (%rax)

3:	testl	%r9d, %r9d
	jz	4f
	movl	(%r10), %eax
	addq	%rsi, %rax
	movq	%rax, (%rdi)
	addq	$4, %r10
	addq	$8, %rdi
	decl	%r9d
	jmp	3b

4:	movq	(%rsi), %rax
	addq	%rsi, %rax
	jmp	*%rax

	/* Started without even argv[0]: there is no place for arguments. */
refuse:
	movl	$231, %eax		/* exit_group */
	movl	$127, %edi
	syscall
	ud2

	.balign	8
table:

	.section .note.GNU-stack,"",@progbits
