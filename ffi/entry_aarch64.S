/* Entry of the packed executable, aarch64: puts extra argument words behind
 * argv[0] and extra environment words before the caller's, then jumps to the
 * program's own entry. Position independent; keeps x0 (rtld_fini).
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
	ldr	x9, [sp]
	cbz	x9, refuse
	adr	x10, table
	ldp	w11, w12, [x10, #16]
	add	x13, x10, #24
	mov	x14, sp

	/* All words below the environment move down, lowest first. */
	add	x15, x11, x12
	sub	x15, x14, x15, lsl #3
	mov	sp, x15
	add	x9, x9, x11
	ldr	x16, [x14, #8]
	stp	x9, x16, [x15], #16
	add	x14, x14, #16

1:	cbz	w11, 2f
	ldr	w16, [x13], #4
	add	x16, x16, x10
	str	x16, [x15], #8
	sub	w11, w11, #1
	b	1b

	/* The caller's arguments and the null word behind them. */
2:	ldr	x16, [x14], #8
	str	x16, [x15], #8
	cbnz	x16, 2b

	ldr	x16, [x10, #8]
	cbz	x16, 3f
	ldr	x16, [x10, x16]
	str	x15, [x16]

3:	cbz	w12, 4f
	ldr	w16, [x13], #4
	add	x16, x16, x10
	str	x16, [x15], #8
	sub	w12, w12, #1
	b	3b

4:	ldr	x16, [x10]
	add	x16, x16, x10
	br	x16

	/* Started without even argv[0]: there is no place for arguments. */
refuse:
	mov	x8, #94			/* exit_group */
	mov	x0, #127
	svc	#0
	brk	#0

	.balign	8
table:

	.section .note.GNU-stack,"",@progbits
